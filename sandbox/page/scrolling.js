/**
 * Where the reader is in the chat: at its end or at the beginning of the newest answer, and taken along as the chat
 * grows; or elsewhere, and left in peace.
 *
 * An answer that is higher than the window is shown from its beginning, or from where the last of its buttons are just
 * in view. Once the reader has been at its end, or has acted upon it, it is seen.
 */

import { byId, prefersStill } from "./dom.js";

const AT_END_PX = 60;
const MARGIN_PX = 10;
const RESTS_MS = 400;
const LIT_MS = 1500;

export class Scrolling {
  #place = "end"; // or "answer", or "elsewhere"
  #isGoing = false; // on the way to the end, which may move meanwhile
  #takenTo = 0;
  #size = ""; // when the reader was last taken along
  #seenId = 0;
  #unread = 0;
  #rests = 0;

  /** onUnread: called with the number of messages that came and are out of sight. */
  constructor(log, content, onUnread) {
    Object.assign(this, { log, onUnread });
    this.button = byId("to-end");
    this.badge = byId("unread");
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    this.button.addEventListener("click", () => this.#toVeryEnd());
    log.addEventListener("click", ({ target }) => target.closest(".unfold") && (this.#place = "elsewhere"));
    log.addEventListener("scrollend", () => this.#arriveAtEnd());
    for (const kind of ["wheel", "touchstart", "pointerdown"])
      log.addEventListener(kind, () => (this.#isGoing = false), { passive: true });
    // pictures that load, a keyboard that opens, a window that turns
    const sizes = new ResizeObserver(() => this.follow());
    sizes.observe(log);
    sizes.observe(content);
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** The chat has grown or the window changed: take the reader along, unless they went elsewhere. */
  follow() {
    if (this.#isGoing) {
      this.#toVeryEnd();
    } else if (this.#place !== "elsewhere") {
      const answer = this.#answer();
      if (answer && answer.to < this.#end) this.#take("answer", answer.to);
      else if (answer || this.#place === "end") this.#take("end", this.#end);
      if (answer?.hasButtons && this.#place === "end") this.#seenId = this.#lastId; // what comes next is another answer
      this.#takenTo = this.log.scrollTop;
    }
    this.#size = this.#measure();
    this.#show();
  }

  /** Whoever writes is at the end again. */
  toEnd() {
    this.#place = "end";
    this.#seenId = this.#lastId;
    this.follow();
  }

  /** Whoever presses a button near the end wants to see what comes of it. */
  acted() {
    if (this.#end - this.log.scrollTop > this.log.clientHeight) return;
    this.#seenId = this.#lastId;
    if (this.#place === "elsewhere") this.#place = "answer";
  }

  /** Messages of the other side came: these nodes. */
  arrived(nodes) {
    const { bottom } = this.log.getBoundingClientRect();
    const unseen = nodes.filter((node) => document.hidden || node.getBoundingClientRect().top > bottom - AT_END_PX);
    if (unseen.length) this.#setUnread(this.#unread + unseen.length);
  }

  /** Bring a message into view and light it up for a moment. */
  to(node) {
    node.scrollIntoView({ block: "center", behavior: prefersStill() ? "auto" : "smooth" });
    node.classList.add("lit");
    setTimeout(() => node.classList.remove("lit"), LIT_MS);
  }

  get #end() {
    return this.log.scrollHeight - this.log.clientHeight;
  }

  get #lastId() {
    return Math.max(0, ...[...this.log.querySelectorAll(".message")].map(firstId));
  }

  /** What is behind the reader's own last message and not yet seen: from where on to show it; null without anything. */
  #answer() {
    const messages = [...this.log.querySelectorAll(".message")];
    const own = messages.findLastIndex((message) => message.matches(".out"));
    const answer = messages.slice(own + 1).filter((message) => firstId(message) > this.#seenId);
    if (!answer.length || (own < 0 && this.#seenId === 0)) return null;
    const box = this.log.getBoundingClientRect();
    const start = answer[0].getBoundingClientRect().top - MARGIN_PX - box.top;
    const buttons = answer.map((message) => message.querySelector(".keyboard")).findLast(Boolean);
    const tillButtons = buttons ? buttons.getBoundingClientRect().bottom + MARGIN_PX - box.bottom : -Infinity;
    return { to: this.log.scrollTop + Math.max(start, tillButtons), hasButtons: Boolean(buttons) };
  }

  #toVeryEnd() {
    this.#place = "end";
    this.#seenId = this.#lastId;
    this.#isGoing = !prefersStill() && this.#end - this.log.scrollTop >= 1;
    this.log.scrollTo({ top: this.#end, behavior: prefersStill() ? "auto" : "smooth" });
  }

  #arriveAtEnd() {
    if (!this.#isGoing) return;
    this.#isGoing = false;
    this.follow();
  }

  #take(place, to) {
    this.#place = place;
    if (Math.abs(this.log.scrollTop - to) >= 1) this.log.scrollTop = to;
  }

  #measure() {
    return `${this.log.scrollHeight} ${this.log.clientHeight}`;
  }

  #look() {
    this.log.classList.add("scrolling"); // the date shows while one scrolls
    clearTimeout(this.#rests);
    this.#rests = setTimeout(() => this.log.classList.remove("scrolling"), RESTS_MS);
    const isAtEnd = this.#end - this.log.scrollTop < AT_END_PX;
    const hasMoved = Math.abs(this.log.scrollTop - this.#takenTo) >= 2;
    const isReadersDoing = hasMoved && !this.#isGoing && this.#measure() === this.#size;
    if (isReadersDoing) this.#place = isAtEnd ? "end" : "elsewhere";
    if (isReadersDoing && isAtEnd) this.#seenId = this.#lastId;
    if (isAtEnd && !document.hidden) this.#setUnread(0);
    this.#show();
  }

  #setUnread(number) {
    this.#unread = number;
    this.badge.textContent = number > 99 ? "99+" : String(number);
    this.badge.hidden = number === 0;
    this.onUnread(number);
  }

  #show() {
    this.button.hidden = this.#end - this.log.scrollTop < AT_END_PX;
  }
}

/** The number of a message, the first one of an album; 0 while it is being sent. */
const firstId = (message) => Number.parseInt(message.dataset.ids, 10) || 0;
