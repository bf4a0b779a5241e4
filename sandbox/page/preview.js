/** The sheet on which picked files are looked at, captioned and sent, or not. */

import { byId, h, icon, iconButton, usesFingers } from "./dom.js";
import { toast } from "./notices.js";
import { MOST_BYTES } from "./outbox.js";
import { forSending, readPicture } from "./pictures.js";
import { count, fileSize } from "./words.js";

export class Preview {
  #picked = []; // {file, picture}: picture is null where it is none

  /** onSend: called with {photos, files, caption}. */
  constructor(onSend) {
    this.onSend = onSend;
    this.dialog = byId("preview");
    this.list = byId("preview-files");
    this.caption = byId("preview-caption");
    this.asFiles = byId("preview-as-files");
    this.asFiles.addEventListener("change", () => this.#show());
    byId("preview-add").addEventListener("click", () =>
      byId(this.asFiles.checked ? "pick-files" : "pick-photos").click(),
    );
    byId("preview-cancel").addEventListener("click", () => this.dialog.close("cancel"));
    this.dialog.addEventListener("close", () => this.#closed());
    this.caption.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || usesFingers()) return;
      event.preventDefault();
      this.dialog.close("send");
    });
  }

  async offer(files, asFiles) {
    const fit = files.filter(({ size }) => size > 0 && size <= MOST_BYTES);
    if (fit.length) await this.#take(fit, asFiles);
    if (files.some(({ size }) => size > MOST_BYTES)) toast("A file may have 50 MB.");
    if (files.some(({ size }) => size === 0)) toast("An empty file cannot be sent.");
  }

  async #take(fit, asFiles) {
    const picked = await Promise.all(fit.map(async (file) => ({ file, picture: await readPicture(file) })));
    this.#picked.push(...picked);
    if (!this.dialog.open) {
      this.asFiles.checked = asFiles;
      this.dialog.returnValue = "";
      this.dialog.showModal();
      this.caption.focus();
    }
    this.#show();
  }

  #isPhoto({ picture }) {
    return picture !== null && !this.asFiles.checked;
  }

  #show() {
    if (!this.#picked.length) {
      this.dialog.close("cancel");
      return;
    }
    const photos = this.#picked.filter((one) => this.#isPhoto(one));
    const files = this.#picked.length - photos.length;
    const parts = [photos.length && count(photos.length, "photo"), files && count(files, "file")];
    byId("preview-title").textContent = `Send ${parts.filter(Boolean).join(" and ")}`;
    this.asFiles.disabled = this.#picked.every(({ picture }) => picture === null);
    this.list.className = `picked ${photos.length === 1 && this.#picked.length === 1 ? "one" : ""}`;
    this.list.replaceChildren(...this.#picked.map((one, at) => this.#row(one, at)));
  }

  #row(one, at) {
    const remove = iconButton("trash", `Leave out ${one.file.name}`, {
      class: "small",
      onclick: () => this.#leaveOut(at),
    });
    if (this.#isPhoto(one))
      return h("li", { class: "as-photo" }, h("img", { src: one.picture.url, alt: one.file.name }), remove);
    const face = one.picture ? h("img", { src: one.picture.url, alt: "" }) : icon("file");
    return h(
      "li",
      { class: "as-file" },
      h("span", { class: "face" }, face),
      h("span", { class: "about" }, h("b", {}, one.file.name), h("span", {}, fileSize(one.file.size))),
      remove,
    );
  }

  #leaveOut(at) {
    release(this.#picked.splice(at, 1));
    this.#show();
    (this.list.querySelectorAll("button")[Math.min(at, this.#picked.length - 1)] ?? this.caption).focus();
  }

  async #closed() {
    if (this.dialog.open) return; // one more came just then: they are all on the sheet, and nothing is lost
    const [picked, caption] = [this.#picked, this.caption.value.trim()];
    const isPhoto = picked.map((one) => this.#isPhoto(one));
    this.#picked = [];
    this.list.replaceChildren();
    this.caption.value = "";
    if (this.dialog.returnValue !== "send") {
      release(picked);
      return;
    }
    const photos = await Promise.all(picked.filter((_, at) => isPhoto[at]).map(({ picture }) => forSending(picture)));
    const files = picked.filter((_, at) => !isPhoto[at]).map(({ file, picture }) => ({ file, url: picture?.url }));
    this.onSend({ photos, files, caption });
  }
}

/** Pictures that nobody looks at any more. */
function release(picked) {
  for (const { picture } of picked) if (picture) URL.revokeObjectURL(picture.url);
}
