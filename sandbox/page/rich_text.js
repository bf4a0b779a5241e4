/** Formatted text: Telegram's text and entities as elements. Offsets count UTF-16 units, as JavaScript's do. */

import { h, icon, unseen } from "./dom.js";
import { withEmoji } from "./emoji.js";

const SAFE_LINK = /^(https?|mailto|tel):/i;
const FOUND =
  /(?<link>https?:\/\/[^\s<>]+[^\s<>.,;:!?'")\]])|(?<![\w/<>])(?<command>\/[a-z0-9_]{1,32}(?:@[a-z0-9_]{3,32})?)(?![\w/<>@-])/gi;
const PLAIN = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  blockquote: "blockquote",
};
const OPAQUE = new Set(["text_link", "url", "code", "pre", "bot_command", "email", "phone_number"]);

/** A fragment for a text. onCommand: called with a command that is clicked. */
export function richText(text, entities, onCommand) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return piece(text, 0, text.length, sorted, onCommand, true);
}

/** The text from start to end, with the entities that begin in it; one that reaches beyond it is cut there. */
function piece(text, start, end, entities, onCommand, mayFind) {
  const fragment = document.createDocumentFragment();
  const plain = (from, to) =>
    fragment.append(...(mayFind ? found(text.slice(from, to), onCommand) : withEmoji(text.slice(from, to))));
  let at = start;
  while (entities.length) {
    const [entity, ...rest] = entities;
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    const isInside = (other) => other.offset < to;
    entities = rest.filter((other) => !isInside(other));
    if (to <= from) {
      entities = rest;
      continue;
    }
    plain(at, from);
    const inner = piece(text, from, to, rest.filter(isInside), onCommand, mayFind && !OPAQUE.has(entity.type));
    fragment.append(wrapped(entity, text.slice(from, to), inner, onCommand));
    at = to;
  }
  plain(at, end);
  return fragment;
}

function wrapped(entity, text, inner, onCommand) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url, inner);
    case "url":
      return link(text.includes("://") ? text : `https://${text}`, inner);
    case "email":
      return link(`mailto:${text}`, inner);
    case "bot_command":
      return command(text, onCommand);
    case "pre":
      return h("pre", { "data-language": entity.language }, h("code", {}, inner));
    case "spoiler":
      return spoiler(inner);
    case "expandable_blockquote":
      return foldedQuote(inner);
    default:
      return entity.type in PLAIN ? h(PLAIN[entity.type], {}, inner) : inner;
  }
}

/** Links and commands that a client finds by itself in plain text. */
function found(text, onCommand) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(FOUND)) {
    parts.push(...withEmoji(text.slice(at, match.index)));
    parts.push(match.groups.link ? link(match[0], match[0]) : command(match[0], onCommand));
    at = match.index + match[0].length;
  }
  return [...parts, ...withEmoji(text.slice(at))];
}

/** A link that opens elsewhere and tells that place nothing; what is no web address stays text. */
function link(address, inner) {
  if (!SAFE_LINK.test(address)) return h("span", { title: address }, inner);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow", title: address }, inner);
}

function command(text, onCommand) {
  return h("button", { class: "link", onclick: () => onCommand(text) }, text);
}

function spoiler(inner) {
  const cover = h(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, show it" },
    inner,
  );
  const show = () => {
    cover.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) cover.removeAttribute(name);
  };
  cover.addEventListener("click", show, { once: true });
  cover.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && show());
  return cover;
}

/** A quote of which three lines are shown, and the rest at a press. */
function foldedQuote(inner) {
  const words = h("div", { class: "folded" }, inner);
  const button = h(
    "button",
    { class: "unfold", "aria-expanded": "false", title: "Show all of it", hidden: true },
    icon("down"),
    unseen("Show all of it"),
  );
  button.addEventListener("click", () => {
    const isFolded = words.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!isFolded));
  });
  const isCut = () => words.scrollHeight > words.clientHeight + 1;
  new ResizeObserver(() => words.classList.contains("folded") && (button.hidden = !isCut())).observe(words);
  return h("blockquote", {}, words, button);
}
