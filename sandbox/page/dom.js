/** Makes elements. Text stays text: nothing in this page ever parses HTML, and its security policy forbids it. */

import { withEmoji } from "./emoji.js";

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/**
 * An element with attributes and children. An attribute that is null, undefined or false is left out, and so is such a
 * child; "on…" is a listener; `class` may be a list. A button is no submit button unless it says so.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  for (const [name, value] of Object.entries(attributes)) {
    if (isNothing(value)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = [value].flat().filter(Boolean).join(" ");
    else element.setAttribute(name, value === true ? "" : value);
  }
  const there = children.flat().filter((child) => !isNothing(child));
  element.append(...there.flatMap((child) => (typeof child === "string" ? withEmoji(child) : child)));
  return element;
}

const isNothing = (value) => value === null || value === undefined || value === false;

/** One of the icons drawn at the top of the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Text for those who listen to the page. */
export const unseen = (text) => h("span", { class: "unseen" }, text);

/** A round button that shows an icon and is called by its words. */
export function iconButton(name, words, attributes = {}) {
  const { class: extra, ...rest } = attributes;
  return h("button", { class: ["round", extra], title: words, ...rest }, icon(name), unseen(words));
}

/** Whether somebody asked the system for less motion. */
export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether fingers, not a mouse, point here: then Enter begins a new line, as on every phone. */
export const usesFingers = () => matchMedia("(pointer: coarse)").matches;
