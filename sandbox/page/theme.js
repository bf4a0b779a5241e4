/** Light or dark: as the system has it, until it is chosen here. `early.js` applies the choice at once. */

import { byId, icon, unseen } from "./dom.js";
import { remember } from "./memory.js";

export function listenForTheme() {
  const button = byId("theme-toggle");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    const words = isDark() ? "Light colours" : "Dark colours";
    button.replaceChildren(icon(isDark() ? "sun" : "moon"), unseen(words));
    button.title = words;
  };
  button.addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    const isSystems = (wanted === "dark") === system.matches;
    if (isSystems) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = wanted;
    remember("theme", isSystems ? null : wanted);
    show();
  });
  system.addEventListener("change", show);
  show();
}
