/** Where the reader is in the chat: at its end, and kept there, or further up, and left in peace. */

import { byId, prefersStill } from "./dom.js";

const AT_END_PX = 60;

export class Scrolling {
  #isAtEnd = true;
  #unread = 0;
  #rests = 0;

  /** onUnread: called with the number of messages that came while the reader was elsewhere. */
  constructor(log, content, onUnread) {
    Object.assign(this, { log, onUnread });
    this.button = byId("to-end");
    this.badge = byId("unread");
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    this.button.addEventListener("click", () => this.toEnd(true));
    // Pictures that load, a keyboard that opens, a window that turns: whoever was at the end stays there.
    const sizes = new ResizeObserver(() => this.#isAtEnd && this.#jumpToEnd());
    sizes.observe(log);
    sizes.observe(content);
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** Messages of the other side came. */
  arrived(number) {
    if (!number || (this.#isAtEnd && !document.hidden)) return;
    this.#setUnread(this.#unread + number);
  }

  toEnd(smoothly = false) {
    this.#isAtEnd = true;
    if (smoothly && !prefersStill()) this.log.scrollTo({ top: this.log.scrollHeight, behavior: "smooth" });
    else this.#jumpToEnd();
    this.#show();
  }

  /** Bring a message into view and light it up for a moment. */
  to(node) {
    node.scrollIntoView({ block: "center", behavior: prefersStill() ? "auto" : "smooth" });
    node.classList.remove("lit");
    requestAnimationFrame(() => node.classList.add("lit"));
    node.addEventListener("animationend", () => node.classList.remove("lit"), { once: true });
  }

  #jumpToEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  #look() {
    this.log.classList.add("scrolling"); // the date shows while one scrolls
    clearTimeout(this.#rests);
    this.#rests = setTimeout(() => this.log.classList.remove("scrolling"), 400);
    const below = this.log.scrollHeight - this.log.clientHeight - this.log.scrollTop;
    this.#isAtEnd = below < AT_END_PX;
    if (this.#isAtEnd && !document.hidden) this.#setUnread(0);
    this.#show();
  }

  #setUnread(number) {
    this.#unread = number;
    this.badge.textContent = number > 99 ? "99+" : String(number);
    this.badge.hidden = number === 0;
    this.onUnread(number);
    this.#show();
  }

  #show() {
    this.button.hidden = this.#isAtEnd;
  }
}
