/** Keeps the messages on the page equal to the conversation, touching only what has changed. */

import { h, prefersStill } from "./dom.js";
import { showMessage } from "./message.js";
import { dayName } from "./words.js";

const TAB_STOP = '.message[tabindex="0"]';

export class Timeline {
  #days = new Map(); // day -> {section, items: key -> {node, item}}

  /** days: the element to fill. context: what messages need to be shown, and what they lead to. */
  constructor(days, context) {
    this.element = days;
    this.context = context;
    days.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Show the conversation as it is now. fresh: whether what is new has only just happened. */
  show(conversation, fresh) {
    const wanted = conversation.days();
    const nodes = wanted.map((day) => this.#showDay(day, fresh));
    replaceChildren(this.element, nodes);
    const kept = new Set(wanted.map((day) => day.key));
    for (const key of this.#days.keys()) if (!kept.has(key)) this.#days.delete(key);
    this.#keepOneTabStop();
  }

  /** The node of a message, if it is there. */
  node(messageId) {
    return this.element.querySelector(`[data-ids~="${CSS.escape(String(messageId))}"]`);
  }

  /** How far a sending has got, from 0 to 1. */
  progress(sendingId, fraction) {
    const ring = this.element.querySelector(`[data-sending="${CSS.escape(sendingId)}"] [role="progressbar"]`);
    ring?.style.setProperty("--done", fraction);
    ring?.setAttribute("aria-valuenow", Math.round(fraction * 100));
  }

  #showDay({ key, date, items }, fresh) {
    const day = this.#days.get(key) ?? {
      section: h("section", { class: "day" }, h("h3", {}, h("span", {}, dayName(date))), h("div", { class: "items" })),
      items: new Map(),
    };
    this.#days.set(key, day);
    day.section.querySelector("h3 span").textContent = dayName(date);
    const shown = new Map(items.map((item) => [item.key, this.#showItem(day.items.get(item.key), item, fresh)]));
    day.items = shown;
    replaceChildren(
      day.section.querySelector(".items"),
      [...shown.values()].map(({ node }) => node),
    );
    return day.section;
  }

  #showItem(before, item, fresh) {
    let node = before?.node;
    if (!before || !isSame(before.item, item)) {
      node = showMessage(item, this.context);
      if (before) this.#takePlace(before.node, node);
      else if (fresh && !prefersStill()) node.classList.add("arriving");
    }
    for (const name of ["first", "last", "read"]) node.classList.toggle(name, item[name]);
    return { node, item };
  }

  /** The new node of a message keeps the focus that the old one had. */
  #takePlace(old, node) {
    const held = focusables(old).indexOf(document.activeElement);
    const wasCurrent = old.tabIndex === 0;
    old.replaceWith(node);
    if (wasCurrent) node.tabIndex = 0;
    if (document.activeElement === document.body && held >= 0)
      (focusables(node)[held] ?? node).focus({ preventScroll: true });
  }

  /** Arrow keys go from message to message. */
  #walk(event) {
    const from = event.target.closest(".message");
    if (!from || event.target !== from) return;
    const all = [...this.element.querySelectorAll(".message")];
    const at = all.indexOf(from);
    const to = { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[event.key];
    if (!to) return;
    event.preventDefault();
    this.focus(to);
  }

  /** Bring the focus to a message. */
  focus(node) {
    this.#setTabStop(node);
    node.focus();
    node.scrollIntoView({ block: "nearest" });
  }

  /** The newest message is where the tab key leads, unless the reader is at another one. */
  #keepOneTabStop() {
    const newest = [...this.element.querySelectorAll(".message")].at(-1);
    const isReading = this.element.contains(document.activeElement) && this.element.querySelector(TAB_STOP);
    if (newest && !isReading) this.#setTabStop(newest);
  }

  #setTabStop(node) {
    for (const other of this.element.querySelectorAll(TAB_STOP)) other.tabIndex = -1;
    node.tabIndex = 0;
  }
}

function isSame(before, after) {
  return (
    before.sending === after.sending &&
    before.messages.length === after.messages.length &&
    before.messages.every((message, at) => message === after.messages[at])
  );
}

/** Give a parent these children in this order, moving no node that is in its place. */
function replaceChildren(parent, wanted) {
  let cursor = parent.firstChild;
  for (const node of wanted) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

const focusables = (node) => [node, ...node.querySelectorAll("button, a[href], [tabindex]")];
