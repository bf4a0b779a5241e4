/** The tray of sample pictures: one tap sends one. */

import { byId, h } from "./dom.js";
import { recall, remember } from "./memory.js";
import { toast } from "./notices.js";
import { get, getBlob } from "./server.js";

const LOW = matchMedia("(height < 30rem) and (width < 62rem)"); // a phone held sideways, or one with its keyboard open
const SMALL = matchMedia("(height < 60rem) and (width < 62rem)"); // where the tray takes its height from the chat

export class Tray {
  #pictures = [];

  /** onSend: called with a picture as a file. */
  constructor(onSend) {
    this.onSend = onSend;
    [this.panel, this.toggle, this.list, this.select] = ["tray", "tray-toggle", "tray-pictures", "tray-category"].map(
      byId,
    );
    this.select.addEventListener("change", () => this.#fill());
    this.list.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter") event.preventDefault(); // a key held down sends one
      walk(event, [...this.list.querySelectorAll("button")]);
    });
    this.toggle.addEventListener("click", () => this.#show(this.panel.hidden));
    LOW.addEventListener("change", () => this.#showWhereItFits());
    byId("tray-close").addEventListener("click", () => this.#fold(true));
  }

  /** Offer what the sandbox has in its tray; without pictures there is no tray. */
  async load() {
    this.#pictures = await get("/tray").catch(() => []);
    const categories = [...new Set(this.#pictures.map(({ category }) => category))].filter(Boolean).sort();
    this.select.replaceChildren(
      h("option", { value: "" }, "All categories"),
      ...categories.map((category) => h("option", { value: category }, category)),
    );
    this.select.hidden = categories.length < 2;
    this.#fill();
    this.toggle.hidden = this.#pictures.length === 0;
    this.#showWhereItFits();
  }

  #showWhereItFits() {
    this.#show(this.#pictures.length > 0 && recall("tray") !== "closed" && !LOW.matches, false);
  }

  #show(isOpen, isChosen = true) {
    this.panel.hidden = !isOpen;
    this.toggle.setAttribute("aria-expanded", String(isOpen));
    if (isChosen) remember("tray", isOpen ? "open" : "closed");
  }

  #fold(isChosen) {
    this.#show(false, isChosen);
    this.toggle.focus();
  }

  #fill() {
    const offered = this.#pictures
      .map((picture, number) => ({ picture, number }))
      .filter(({ picture }) => !this.select.value || picture.category === this.select.value);
    this.list.replaceChildren(...offered.map(({ picture, number }) => h("li", {}, this.#button(picture, number))));
    this.list.scrollTo(0, 0);
    this.#keepOneTabStop();
  }

  #keepOneTabStop() {
    if (this.list.querySelector('[tabindex="0"]')) return;
    const first = this.list.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  #button({ category, kind }, number) {
    const words = ["Send the sample", kind || "picture", category && `(${category})`].filter(Boolean).join(" ");
    const image = h("img", {
      src: `/tray/${number}/thumbnail`,
      alt: "",
      loading: "lazy",
      draggable: "false",
      width: "96",
      height: "96",
    });
    const title = [kind, category].filter(Boolean).join(" · ");
    const button = h(
      "button",
      { "aria-label": words, title, tabindex: "-1", onclick: ({ detail }) => detail > 1 || this.#send(number) },
      image,
    );
    image.addEventListener("error", () => {
      button.closest("li")?.remove();
      this.#keepOneTabStop();
    });
    return button;
  }

  async #send(number) {
    try {
      const blob = await getBlob(`/tray/${number}`);
      this.onSend(new File([blob], `sample-${number}.${blob.type.split("/")[1]}`, { type: blob.type }));
      if (SMALL.matches) this.#fold(false);
    } catch (error) {
      toast(error.message);
    }
  }
}

/** One tab stop for all; arrow keys go on from there. */
function walk(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const to = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    Home: 0,
    End: buttons.length - 1,
  }[event.key];
  if (at < 0 || !buttons[to]) return;
  event.preventDefault();
  buttons[at].tabIndex = -1;
  buttons[to].tabIndex = 0;
  buttons[to].focus();
}
