/** The text field and what stands around it. */

import { Commands } from "./commands.js";
import { isBy } from "./conversation.js";
import { byId, h, iconButton, usesFingers } from "./dom.js";
import { thumbnail } from "./media.js";
import { recall, remember } from "./memory.js";
import { openMenu } from "./menu.js";
import { summary } from "./words.js";

const HIGHEST_PX = 180;

export class Composer {
  #replyTo = null;
  #offered = null;

  /** tell: {sendText(text, replyTo), lookUp(), pick: {photos(), files(), camera()}}: what the composer leads to. */
  constructor(address, places, tell) {
    Object.assign(this, { user: address.user, places, tell });
    this.draft = `draft ${address.user} ${address.bot} ${address.chat}`;
    this.text = byId("text");
    this.commands = new Commands(this.text, (command) => this.#send(command));
    this.text.value = recall(this.draft) ?? "";
    this.text.addEventListener("input", () => this.#changed());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("attach").addEventListener("click", (event) => this.#attach(event.currentTarget));
    this.#changed();
  }

  /** What the next message replies to; forgotten once it is asked for. */
  takeReply() {
    const replyTo = this.#replyTo;
    this.replyTo(null);
    return replyTo;
  }

  replyTo(message) {
    this.#replyTo = message;
    const bar = byId("replying");
    bar.hidden = !message;
    bar.replaceChildren(...(message ? this.#quoted(message) : []));
    if (message) this.text.focus();
  }

  /** Buttons that write an answer for the user; null: none. */
  offerAnswers(markup) {
    if (markup === this.#offered) return;
    this.#offered = markup;
    const group = byId("reply-keyboard");
    group.hidden = !markup;
    const words = (button) => (typeof button === "string" ? button : button.text);
    group.replaceChildren(
      ...(markup?.keyboard ?? []).map((row) =>
        h(
          "div",
          {},
          row.map((button) => h("button", { class: "plain", onclick: () => this.#send(words(button)) }, words(button))),
        ),
      ),
    );
  }

  #quoted(message) {
    const name = isBy(message, this.user) ? "yourself" : message.from.first_name;
    return [
      h(
        "div",
        { class: "quote" },
        thumbnail(message, this.places),
        h("span", {}, h("b", {}, `Reply to ${name}`), h("span", {}, summary(message))),
      ),
      iconButton("close", "Do not reply", { class: "small", onclick: () => this.replyTo(null) }),
    ];
  }

  #changed() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, HIGHEST_PX)}px`;
    byId("send").disabled = !this.text.value.trim();
    remember(this.draft, this.text.value);
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.commands.key(event)) {
      event.preventDefault();
      this.#changed();
    } else if (event.key === "Enter" && !event.shiftKey && !usesFingers()) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#replyTo) {
      this.replyTo(null);
    } else if (event.key === "ArrowUp" && !this.text.value) {
      event.preventDefault();
      this.tell.lookUp();
    }
  }

  #submit() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.commands.close();
    this.#send(text);
    this.#changed();
  }

  #send(text) {
    this.tell.sendText(text, this.takeReply());
    this.#changed();
  }

  #attach(button) {
    const { photos, files, camera } = this.tell.pick;
    openMenu(
      button,
      [
        { icon: "photo", words: "Photos", run: photos },
        { icon: "camera", words: "Camera", run: camera },
        { icon: "file", words: "Files", run: files },
      ],
      { label: "Attach" },
    );
  }
}
