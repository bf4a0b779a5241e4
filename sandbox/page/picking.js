/** Every way in which files come to the page: chosen, dropped or pasted. */

import { byId } from "./dom.js";

/** offer: called with the files, and whether they are to be sent as files even if they are pictures. */
export function listenForFiles(offer) {
  for (const [id, asFiles] of [
    ["pick-photos", false],
    ["pick-files", true],
    ["pick-camera", false],
  ]) {
    byId(id).addEventListener("change", ({ target }) => {
      if (target.files.length) offer([...target.files], asFiles);
      target.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    offer(files, false);
  });
  listenForDrops(offer);
}

function listenForDrops(offer) {
  const overlay = byId("dropping");
  const zones = [...overlay.children];
  const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const zoneOf = (event) => event.target.closest?.("[data-as]");
  const mark = (zone) => zones.forEach((one) => one.classList.toggle("over", one === zone));
  addEventListener("dragenter", (event) => {
    if (!bringsFiles(event) || document.querySelector("dialog[open]")) return;
    overlay.hidden = false;
    mark(zoneOf(event));
  });
  addEventListener("dragover", (event) => bringsFiles(event) && event.preventDefault());
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) overlay.hidden = true; // out of the window
  });
  addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    overlay.hidden = true;
    const files = [...event.dataTransfer.files];
    if (files.length) offer(files, zoneOf(event)?.dataset.as === "file");
  });
}
