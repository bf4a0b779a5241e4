/** Who one is in this chat, and the way to be somebody else in it. */

import { pageOf } from "./address.js";
import { byId, h, unseen } from "./dom.js";
import { openMenu } from "./menu.js";

const COLOURS = 7;

/** A round patch with a user's number. */
export const face = (user) =>
  h("span", { class: "avatar", "data-colour": user % COLOURS, "aria-hidden": "true" }, String(user));

export class People {
  #users = [];
  #bots = [];

  constructor(address) {
    this.address = address;
    const button = byId("people");
    button.replaceChildren(face(address.user), unseen(`You are user ${address.user}. Switch user`));
    button.title = `You are user ${address.user}`;
    button.addEventListener("click", () => openMenu(button, this.#entries(), { label: "Users" }));
  }

  set({ users, bots }) {
    this.#users = users;
    this.#bots = bots;
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
