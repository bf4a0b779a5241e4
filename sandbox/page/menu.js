/** A menu that opens beside what it belongs to: arrow keys, letters and Escape work as in any other. */

import { h, icon } from "./dom.js";

const MARGIN_PX = 8;

const opened = new WeakMap(); // anchor -> what closes its menu

/**
 * entries: [{icon, words, run} or {icon, words, href, isCurrent}, ...]. at: a pointer event, to open where it happened;
 * without one the menu opens at its anchor, or closes there if it was open. It gives the focus back.
 */
export function openMenu(anchor, entries, { label, at = null } = {}) {
  if (opened.has(anchor)) {
    opened.get(anchor)();
    return;
  }
  const opener = document.activeElement;
  const isSwitch = anchor.hasAttribute("aria-haspopup");
  const gone = new AbortController();
  const close = () => {
    gone.abort();
    opened.delete(anchor);
    if (isSwitch) anchor.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement)) (opener?.isConnected ? opener : anchor).focus({ preventScroll: true });
    menu.remove();
  };
  // "manual": the release of a right button would close any other kind at once
  const menu = h(
    "div",
    { class: "menu", role: "menu", "aria-label": label, popover: "manual" },
    entries.map((entry) => menuEntry(entry, close)),
  );
  const items = [...menu.children];
  menu.addEventListener("keydown", (event) => (event.key === "Escape" ? close() : walk(event, items)));
  const outside = ({ target }) => menu.contains(target) || (isSwitch && anchor.contains(target)) || close();
  addEventListener("pointerdown", outside, { capture: true, signal: gone.signal });
  addEventListener("focusin", outside, { signal: gone.signal });
  addEventListener("blur", close, { signal: gone.signal });
  document.body.append(menu);
  menu.showPopover();
  opened.set(anchor, close);
  if (isSwitch) anchor.setAttribute("aria-expanded", "true");
  place(menu, at ? new DOMRect(at.clientX, at.clientY, 0, 0) : anchor.getBoundingClientRect());
  (items.find((item) => item.ariaCurrent) ?? items[0]).focus();
}

function menuEntry({ icon: name, words, run, href, isCurrent, face }, close) {
  const inside = [face ?? icon(name), h("span", {}, words)];
  const common = { role: "menuitem", tabindex: "-1", "aria-current": isCurrent && "true" };
  if (href) return h("a", { ...common, href }, inside);
  return h("button", { ...common, onclick: () => (close(), run()) }, inside);
}

function walk(event, items) {
  const at = items.indexOf(document.activeElement);
  const next =
    {
      ArrowDown: items[(at + 1) % items.length],
      ArrowUp: items.at(at - 1),
      Home: items[0],
      End: items.at(-1),
      Tab: items[(at + (event.shiftKey ? items.length - 1 : 1)) % items.length],
    }[event.key] ??
    (event.key.length === 1 &&
      [...items.slice(at + 1), ...items].find((item) =>
        item.textContent.toLowerCase().startsWith(event.key.toLowerCase()),
      ));
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
