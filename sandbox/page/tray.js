/** The tray of sample pictures: one tap sends one. */

import { byId, h } from "./dom.js";
import { recall, remember } from "./memory.js";
import { toast } from "./notices.js";
import { get, getBlob } from "./server.js";

/** onSend: called with a picture as a file. Does nothing where the sandbox has no tray. */
export async function openTray(onSend) {
  const pictures = await get("/tray").catch(() => []);
  if (!pictures.length) return;
  const [panel, toggle, list, select] = ["tray", "tray-toggle", "tray-pictures", "tray-category"].map(byId);
  const show = (isOpen) => {
    panel.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    remember("tray", isOpen ? "open" : "closed");
  };
  const categories = [...new Set(pictures.map(({ category }) => category))].filter(Boolean).sort();
  select.replaceChildren(h("option", { value: "" }, "All categories"), ...categories.map((category) => h("option", { value: category }, category)));
  select.hidden = categories.length < 2;
  const fill = () => {
    const buttons = pictures.map((picture, number) => ({ picture, number })).filter(({ picture }) => !select.value || picture.category === select.value);
    list.replaceChildren(...buttons.map(({ picture, number }) => h("li", {}, sampleButton(picture, number, onSend))));
    list.scrollTo(0, 0);
    if (list.querySelector("button")) list.querySelector("button").tabIndex = 0;
  };
  select.addEventListener("change", fill);
  list.addEventListener("keydown", (event) => walk(event, [...list.querySelectorAll("button")]));
  toggle.addEventListener("click", () => show(panel.hidden));
  byId("tray-close").addEventListener("click", () => {
    show(false);
    toggle.focus();
  });
  fill();
  toggle.hidden = false;
  show(recall("tray") !== "closed");
}

function sampleButton({ category, kind }, number, onSend) {
  const words = ["Send the sample", kind || "picture", category && `(${category})`].filter(Boolean).join(" ");
  const image = h("img", { src: `/tray/${number}/thumbnail`, alt: "", loading: "lazy", draggable: "false", width: "96", height: "96" });
  const button = h("button", { type: "button", "aria-label": words, title: [kind, category].filter(Boolean).join(" · "), tabindex: "-1" }, image);
  image.addEventListener("error", () => button.closest("li")?.remove());
  button.addEventListener("click", async () => {
    try {
      const blob = await getBlob(`/tray/${number}`);
      onSend(new File([blob], `sample-${number}.${blob.type.split("/")[1]}`, { type: blob.type }));
    } catch (error) {
      toast(error.message);
    }
  });
  return button;
}

/** One tab stop for all; arrow keys go on from there. */
function walk(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || !buttons[to]) return;
  event.preventDefault();
  buttons[at].tabIndex = -1;
  buttons[to].tabIndex = 0;
  buttons[to].focus();
}
