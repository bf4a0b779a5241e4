/** The bar at the top, and what else tells how things stand: whom one talks to, whether they listen, what they do. */

import { byId } from "./dom.js";
import { People } from "./people.js";
import { actionWords } from "./words.js";

const ACTION_LASTS_MS = 5500; // bots repeat it every five seconds

export class Header {
  #isConnected = false;
  #wasLost = false;
  #listening = false;
  #unread = 0;
  #action = null;
  #actionEnds = 0;
  name = "Bot";

  constructor(address, places) {
    this.user = address.user;
    this.people = new People(address, places);
  }

  profile({ bot, bots, users, user, listening }) {
    this.name = bot.first_name;
    this.#listening = listening;
    this.people.set({ users, bots, user });
    byId("bot-name").textContent = this.name;
    byId("welcome-name").textContent = this.name;
    byId("no-bot").hidden = listening;
    this.#show();
  }

  connected() {
    this.#isConnected = true;
    this.#wasLost = false;
    byId("connection").hidden = true;
    this.#show();
  }

  lost() {
    this.#isConnected = false;
    this.acts(null);
    if (!this.#wasLost) this.#say("The sandbox cannot be reached. Trying again…");
    this.#wasLost = true;
    this.#show();
  }

  refused(reason) {
    this.#say(reason);
    byId("status").textContent = "not connected";
  }

  /** What the bot does at the moment; null: nothing any more. */
  acts(action) {
    clearTimeout(this.#actionEnds);
    this.#action = action === "cancel" ? null : action;
    if (this.#action) this.#actionEnds = setTimeout(() => this.acts(null), ACTION_LASTS_MS);
    byId("acting").hidden = !this.#action;
    if (this.#action) byId("acting-words").textContent = actionWords(this.#action);
    this.#show();
  }

  unread(number) {
    this.#unread = number;
    this.#show();
  }

  #say(words) {
    byId("connection").textContent = words;
    byId("connection").hidden = false;
  }

  #show() {
    const status = byId("status");
    const words = this.#words();
    if (status.textContent !== words) status.textContent = words;
    status.className = this.#action ? "acts" : this.#isConnected && this.#listening ? "on" : "";
    const unread = this.#unread ? `(${this.#unread}) ` : "";
    const user = this.user === 1 ? "" : ` · User ${this.user}`;
    document.title = `${unread}${this.name}${user}`;
  }

  #words() {
    if (!this.#isConnected) return "Connecting…";
    if (this.#action) return `${actionWords(this.#action)}…`;
    return this.#listening ? "bot, online" : "bot, not connected";
  }
}
