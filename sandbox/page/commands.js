/** The bot's commands, above the text field: all of them on a button, the fitting ones while "/" is typed. */

import { byId, h } from "./dom.js";

const BEGUN = /^\/(\w*)$/;

export class Commands {
  #commands = [];
  #shown = [];
  #at = 0;
  #isAsked = false; // by the button, whatever the text says

  /** text: the field that is written in. onRun: called with "/name" when a command is chosen. */
  constructor(text, onRun) {
    Object.assign(this, { text, onRun });
    this.list = byId("commands");
    this.button = byId("menu");
    this.button.addEventListener("click", () => this.#ask());
    text.addEventListener("input", () => this.#follow());
    text.addEventListener("blur", () => setTimeout(() => this.#leave()));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  }

  get isOpen() {
    return !this.list.hidden;
  }

  set(commands) {
    this.#commands = commands;
    this.button.hidden = commands.length === 0;
    if (this.isOpen && this.#isAsked) this.#show(commands);
    else if (this.isOpen) this.#follow();
  }

  close() {
    this.#isAsked = false;
    this.#show([]);
  }

  /** A key pressed in the text field. Returns whether it was meant for the list. */
  key({ key, shiftKey }) {
    if (!this.isOpen) return false;
    if (key === "Escape") this.close();
    else if (key === "ArrowDown" || key === "ArrowUp")
      this.#mark((this.#at + (key === "ArrowDown" ? 1 : this.#shown.length - 1)) % this.#shown.length);
    else if (key === "Tab" && !shiftKey) this.#complete(this.#shown[this.#at]);
    else if (key === "Enter" && !shiftKey) this.#run(this.#shown[this.#at]);
    else return false;
    return true;
  }

  #ask() {
    if (this.isOpen) return this.close();
    this.#isAsked = true;
    this.text.focus();
    return this.#show(this.#commands);
  }

  #follow() {
    const begun = this.text.value.match(BEGUN)?.[1].toLowerCase();
    if (begun !== undefined) this.#isAsked = false;
    this.#show(begun === undefined ? [] : this.#commands.filter(({ command }) => command.startsWith(begun)));
  }

  #leave() {
    if (!this.list.parentElement.contains(document.activeElement)) this.close();
  }

  #show(commands) {
    this.#shown = commands;
    this.list.replaceChildren(...commands.map((command, at) => this.#option(command, at)));
    this.list.hidden = commands.length === 0;
    this.button.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) this.#mark(0);
    else this.text.removeAttribute("aria-activedescendant");
  }

  #option(command, at) {
    return h(
      "li",
      {
        role: "option",
        id: `command-${command.command}`,
        onclick: () => this.#run(command),
        onpointermove: () => this.#mark(at),
      },
      h("b", {}, `/${command.command}`),
      h("span", {}, command.description),
    );
  }

  #mark(at) {
    this.#at = at;
    [...this.list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    this.list.children[at].scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", this.list.children[at].id);
  }

  #complete({ command }) {
    this.close();
    this.text.value = `/${command} `;
  }

  #run({ command }) {
    if (!this.#isAsked) this.text.value = "";
    this.close();
    this.onRun(`/${command}`);
  }
}
