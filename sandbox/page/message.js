/** One message, or one album, as it stands in the timeline. */

import { isBy } from "./conversation.js";
import { h, icon, iconButton, unseen } from "./dom.js";
import { showKeyboard } from "./inline_keyboard.js";
import { showDocuments, showPhotos, thumbnail } from "./media.js";
import { richLines, richText } from "./rich_text.js";
import { clock, inFull, summary } from "./words.js";

const ONLY_EMOJI = /^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F\u200D]*){1,3}$/u;

/**
 * item: as the conversation gives it. context: {user, places, bot(), actions}, of which the actions are what a message
 * leads to when it is clicked somewhere.
 */
export function showMessage(item, context) {
  const [message] = item.messages;
  const node = h(
    "article",
    {
      class: `message ${item.out ? "out" : "in"}${item.sending ? ` ${item.sending.state.replace(" ", "-")}` : ""}`,
      tabindex: "-1",
      "aria-label": `${item.out ? "You" : item.sender.first_name}, ${clock(item.date)}`,
      "data-ids": item.messages.map((one) => one.message_id ?? "").join(" "),
      "data-sending": item.sending?.id,
    },
    bubble(item, context),
    message.reply_markup?.inline_keyboard && showKeyboard(message, context.actions),
    item.sending?.state === "failed" && failure(item.sending, context.actions),
    !item.sending && tools(message, context.actions),
  );
  if (!item.sending) leadSomewhere(node, message, context.actions);
  return node;
}

function bubble(item, context) {
  const { messages, sending } = item;
  const [message] = messages;
  const text = messages.length === 1 ? message.text ?? message.caption : null;
  const photos = messages.filter((one) => one.photo);
  const documents = messages.filter((one) => one.document);
  const captions = messages.length > 1 ? captionList(messages, context) : null;
  const bare = photos.length > 0 && !text && !captions;
  const jumbo = !photos.length && !documents.length && ONLY_EMOJI.test(text ?? "");
  const quoted = message.reply_to_message && quote(message.reply_to_message, context);
  const name = !item.out && context.isGroup && h("p", { class: "sender" }, item.sender.first_name);
  const media = [
    photos.length > 0 && showPhotos(photos, sending, context),
    documents.length > 0 && showDocuments(documents, sending, context),
  ];
  return h(
    "div",
    { class: ["bubble", photos.length && "with-photo", bare && "bare", jumbo && "jumbo", documents.length && "with-file"].filter(Boolean).join(" ") },
    name,
    quoted,
    ...media,
    text && h("div", { class: "text" }, richText(text, message.entities ?? message.caption_entities ?? [], context.actions.command), stamp(item)),
    captions,
    !text && stamp(item),
  );
}

/** The captions of an album, each with the number of its picture; one caption alone belongs to the whole album. */
function captionList(messages, context) {
  const captioned = messages.filter((message) => message.caption);
  const rich = (format, message) => format(message.caption, message.caption_entities ?? [], context.actions.command);
  if (captioned.length === 0) return null;
  if (captioned.length === 1) return h("div", { class: "text" }, rich(richText, captioned[0]));
  const lines = (message) => h("div", { title: message.caption }, rich(richLines, message).map((line) => h("p", {}, line)));
  return h("ol", { class: "captions" }, messages.map((message, at) => message.caption && h("li", { value: at + 1 }, lines(message))));
}

/** Time, and for one's own messages whether they are sent and seen. */
function stamp({ messages, out, sending, date }) {
  const failed = sending?.state === "failed";
  const reworded = messages.some((message) => message.reworded);
  return h(
    "span",
    { class: "stamp" },
    reworded && h("span", {}, "edited "),
    h("time", { datetime: new Date(date * 1000).toISOString(), title: inFull(date) }, clock(date)),
    out && h("span", { class: "ticks" }, ...(sending ? [icon(failed ? "failed" : "clock"), unseen(failed ? ", not sent" : ", being sent")] : [icon("sent"), icon("read"), unseen(", sent")])),
  );
}

function quote(message, context) {
  const name = isBy(message, context.user) ? "You" : message.from.first_name;
  return h(
    "button",
    { type: "button", class: "quote", title: "Show this message", onclick: () => context.actions.jump(message.message_id) },
    thumbnail(message, context.places),
    h("span", {}, h("b", {}, name), h("span", {}, summary(message))),
  );
}

function failure(sending, actions) {
  return h(
    "div",
    { class: "failure", role: "alert" },
    h("p", {}, sending.problem),
    h("button", { type: "button", class: "plain", onclick: () => actions.retry(sending.id) }, icon("retry"), "Try again"),
    h("button", { type: "button", class: "plain", onclick: () => actions.drop(sending.id) }, icon("trash"), "Discard"),
  );
}

function tools(message, actions) {
  return h(
    "div",
    { class: "tools" },
    iconButton("reply", "Reply", { class: "small", tabindex: "-1", onclick: () => actions.reply(message) }),
    iconButton("more", "More about this message", { class: "small", tabindex: "-1", "aria-haspopup": "menu", onclick: (event) => actions.menu(message, event.currentTarget) }),
  );
}

/** A message can be replied to by a double click, by R, and by pulling it to the left; its menu opens like any other. */
function leadSomewhere(node, message, actions) {
  node.addEventListener("dblclick", (event) => {
    if (!event.target.closest("button, a, .text, .captions")) actions.reply(message);
  });
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    actions.menu(message, node.querySelector(".bubble"), event);
  });
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "r" || event.key === "R") actions.reply(message);
    else if (event.key === "Enter") actions.menu(message, node.querySelector(".bubble"));
    else return;
    event.preventDefault();
  });
  pullToReply(node, () => actions.reply(message));
}

function pullToReply(node, reply) {
  const far = 56;
  let from = null;
  let pulled = 0;
  node.addEventListener("touchstart", ({ touches }) => (from = touches.length === 1 ? touches[0] : null), { passive: true });
  node.addEventListener("touchmove", ({ touches }) => {
    if (!from) return;
    const [dx, dy] = [touches[0].clientX - from.clientX, touches[0].clientY - from.clientY];
    if (Math.abs(dy) > Math.max(12, Math.abs(dx))) from = null;
    pulled = from ? Math.min(Math.max(-dx, 0), 1.3 * far) : 0;
    node.style.setProperty("--pulled", `${-pulled}px`);
  }, { passive: true });
  const letGo = () => {
    if (from && pulled > far) reply();
    from = null;
    pulled = 0;
    node.style.removeProperty("--pulled");
  };
  node.addEventListener("touchend", letGo);
  node.addEventListener("touchcancel", letGo);
}
