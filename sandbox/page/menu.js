/** A menu that opens beside what it belongs to: arrow keys, letters and Escape work as in any other. */

import { h, icon } from "./dom.js";

const MARGIN_PX = 8;

/**
 * entries: [{icon, words, run} or {icon, words, href, isCurrent}, ...]. at: a pointer event, to open where it happened;
 * without one the menu opens at its anchor. It closes by itself, and gives the focus back.
 */
export function openMenu(anchor, entries, { label, at = null } = {}) {
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, popover: "auto" }, entries.map((entry) => menuEntry(entry, () => menu.hidePopover())));
  const items = [...menu.children];
  const opener = document.activeElement;
  menu.addEventListener("keydown", (event) => walk(event, items));
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    anchor.setAttribute?.("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) (opener ?? anchor).focus?.({ preventScroll: true });
    menu.remove();
  });
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  if (anchor.hasAttribute("aria-haspopup")) anchor.setAttribute("aria-expanded", "true");
  place(menu, at ? new DOMRect(at.clientX, at.clientY, 0, 0) : anchor.getBoundingClientRect());
  (items.find((item) => item.ariaCurrent) ?? items[0]).focus();
}

function menuEntry({ icon: name, words, run, href, isCurrent, face }, close) {
  const inside = [face ?? icon(name), h("span", {}, words)];
  const common = { role: "menuitem", tabindex: "-1", "aria-current": isCurrent && "true" };
  if (href) return h("a", { ...common, href }, inside);
  return h("button", { ...common, type: "button", onclick: () => (close(), run()) }, inside);
}

function walk(event, items) {
  const at = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: items[(at + 1) % items.length],
    ArrowUp: items.at(at - 1),
    Home: items[0],
    End: items.at(-1),
    Tab: items[(at + (event.shiftKey ? items.length - 1 : 1)) % items.length],
  }[event.key] ?? (event.key.length === 1 && [...items.slice(at + 1), ...items].find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase())));
  if (!next || event.key === " ") return;
  event.preventDefault();
  next.focus();
}

/** Below the anchor or above it, wherever there is room, and never over the window's edge. */
function place(menu, { left, right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = bottom + MARGIN_PX + height < innerHeight - MARGIN_PX;
  const startsLeft = left + width < innerWidth - MARGIN_PX;
  menu.style.left = `${Math.max(MARGIN_PX, startsLeft ? left : right - width)}px`;
  menu.style.top = `${Math.max(MARGIN_PX, below ? bottom + MARGIN_PX : top - height - MARGIN_PX)}px`;
}
