/** Who one is in this chat, in which language, and the way to be somebody else in it. */

import { pageOf } from "./address.js";
import { byId, h, unseen } from "./dom.js";
import { openMenu } from "./menu.js";
import { toast } from "./notices.js";
import { post } from "./server.js";

const COLOURS = 7;

/** What a user's app may tell the bot; "": nothing. */
const LANGUAGES = { en: "English", de: "German", es: "Spanish", hi: "Hindi", ru: "Russian", "": "None" };

/** A round patch with a user's number. */
export const face = (user) =>
  h("span", { class: "avatar", "data-colour": user % COLOURS, "aria-hidden": "true" }, String(user));

export class People {
  #users = [];
  #bots = [];
  #language = "";

  constructor(address, places) {
    Object.assign(this, { address, places });
    const button = byId("people");
    button.replaceChildren(face(address.user), unseen(`You are user ${address.user}. Switch user`));
    button.title = `You are user ${address.user}`;
    button.addEventListener("click", () => openMenu(button, this.#entries(), { label: "Users" }));
  }

  set({ users, bots, user }) {
    this.#users = users;
    this.#bots = bots;
    this.#language = user.language_code ?? "";
  }

  #chooseLanguage() {
    const choices = Object.entries(LANGUAGES).map(([code, words]) => ({
      icon: "globe",
      words,
      isCurrent: code === this.#language,
      run: () =>
        post(this.places.post("language"), [["language_code", code]]).catch(({ message }) => toast(message)),
    }));
    openMenu(byId("people"), choices, { label: "Language" });
  }

  #entries() {
    const { user, bot } = this.address;
    const known = [...new Set([...this.#users, 1, 2, user])].sort((a, b) => a - b);
    const unknown = Math.max(...known) + 1;
    const people = [...known, unknown].map((one) => ({
      face: face(one),
      words: one === user ? `User ${one} (you)` : one === unknown ? `User ${one}, new` : `User ${one}`,
      href: pageOf(one, this.address),
      isCurrent: one === user,
    }));
    people.push({
      icon: "globe",
      words: `Language: ${LANGUAGES[this.#language] ?? this.#language}`,
      run: () => this.#chooseLanguage(),
    });
    if (this.#bots.length < 2) return people;
    return [
      ...people,
      ...this.#bots.map(({ id, first_name: name, username }) => ({
        icon: "bot",
        words: `${name} @${username}`,
        href: pageOf(user, { bot: String(id), chat: "" }),
        isCurrent: bot ? bot === String(id) : id === this.#bots[0].id,
      })),
    ];
  }
}
