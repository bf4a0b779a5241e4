/** Short notices that go by themselves, alerts that wait to be read, and words for those who listen to the page. */

import { byId, h } from "./dom.js";

const SHOWN_MS = 3200;
const MS_A_CHARACTER = 35;

/** A short notice at the top of the chat, of which no more than two are there at a time. */
export function toast(words) {
  const note = h("p", { class: "toast" }, words);
  const stack = byId("toasts");
  stack.popover ??= "manual";
  if (stack.matches(":popover-open")) stack.hidePopover();
  stack.showPopover(); // above whatever has opened since
  [...stack.children].slice(0, -1).forEach((old) => old.remove());
  stack.append(note);
  announce(words);
  setTimeout(
    () => {
      note.remove();
      if (!stack.children.length && stack.matches(":popover-open")) stack.hidePopover();
    },
    SHOWN_MS + MS_A_CHARACTER * words.length,
  );
}

/** A notice that stays until it is closed. */
export function alertOf(name, words) {
  byId("alert-title").textContent = name;
  byId("alert-words").textContent = words;
  const dialog = byId("alert");
  if (!dialog.open) dialog.showModal();
}

/** Say something to those who listen to the page. */
export function announce(words) {
  const line = h("p", {}, words);
  byId("announcer").append(line);
  setTimeout(() => line.remove(), 10_000);
}
