/**
 * Starting the bot by a deep link, as t.me/BOT?start=PAYLOAD does: the page's own address may bear a payload
 * (/?start=PAYLOAD), and so may a link in the chat. A button takes the place of the text field until it is pressed.
 */

import { isPayload, pageOf } from "./address.js";
import { byId, usesFingers } from "./dom.js";

const HOSTS = ["t.me", "telegram.me"];

export class Starting {
  #payload = "";
  #username = "";

  /** onStart: called with the words that start the bot. */
  constructor(address, onStart) {
    Object.assign(this, { address, onStart });
    for (const id of ["start", "begin"])
      byId(id).addEventListener("click", ({ detail }) => detail > 1 || this.#start());
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (link && this.follow(link.href)) event.preventDefault();
    });
    if (address.start) this.#offer(address.start);
  }

  /** Whose deep links are ours. */
  profile({ bot }) {
    this.#username = bot.username;
  }

  /** Go where a deep link to this bot leads. Returns whether it is one. */
  follow(link) {
    if (!URL.canParse(link)) return false;
    const { hostname, pathname, searchParams } = new URL(link);
    const isToBot = pathname.slice(1).toLowerCase() === this.#username.toLowerCase();
    const payload = searchParams.get("start") ?? "";
    if (!HOSTS.includes(hostname) || !isToBot || !isPayload(payload)) return false;
    document.querySelector("dialog[open]")?.close();
    if (this.address.chat) location.assign(pageOf(this.address.user, { ...this.address, chat: "", start: payload }));
    else this.#offer(payload);
    return true;
  }

  #offer(payload) {
    this.#show(payload);
    byId("begin").focus();
  }

  #start() {
    const words = this.#payload ? `/start ${this.#payload}` : "/start";
    this.#show("");
    this.onStart(words);
    if (!usesFingers()) byId("text").focus();
  }

  #show(payload) {
    this.#payload = payload;
    byId("begin").hidden = !payload;
    byId("start").hidden = Boolean(payload); // one such button is enough
    byId("composer").hidden = Boolean(payload);
    history.replaceState(null, "", pageOf(this.address.user, { ...this.address, start: payload }));
  }
}
