/** One message, or one album, as it stands in the timeline. */

import { isBy } from "./conversation.js";
import { h, icon, iconButton, unseen } from "./dom.js";
import { listenForGestures } from "./gestures.js";
import { showKeyboard } from "./inline_keyboard.js";
import { showDocuments, showPhotos, showSticker, thumbnail } from "./media.js";
import { richText } from "./rich_text.js";
import { clock, inFull, serviceWords, summary } from "./words.js";

const isStill = (sticker) => sticker && !sticker.is_animated && !sticker.is_video;
const isQuoted = (message) => message && !message.forum_topic_created; // to which all of a topic reply
const ONLY_EMOJI = /^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F\u200D]*){1,3}$/u;

/**
 * item: as the conversation gives it. context: {user, places, isGroup, actions}, of which the actions are what a message
 * leads to when it is clicked somewhere.
 */
export function showMessage(item, context) {
  const [message] = item.messages;
  const node = h(
    "article",
    {
      class: ["message", item.out ? "out" : "in", item.sending?.state],
      tabindex: "-1",
      "aria-label": `${item.out ? "You" : item.sender.first_name}, ${clock(item.date)}`,
      "aria-keyshortcuts": item.sending ? null : "Enter R",
      "data-ids": item.messages.map((one) => one.message_id ?? "").join(" "),
      "data-sending": item.sending?.id,
    },
    bubble(item, context),
    message.reply_markup?.inline_keyboard && showKeyboard(message, context.actions),
    item.sending?.state === "failed" && failure(item.sending, context.actions),
    !item.sending && tools(message, context.actions),
  );
  if (!item.sending) listenForGestures(node, item.messages, context.actions);
  return node;
}

function bubble(item, context) {
  const { messages, sending } = item;
  const [message] = messages;
  const photos = messages.filter(({ photo }) => photo);
  const files = messages.filter(({ document, animation }) => document && !animation);
  const sticker = isStill(message.sticker) && showSticker(message, context);
  const words = wording(item, context) ?? (photos.length || files.length || sticker ? null : naming(item));
  const kinds = [
    photos.length && "with-photo",
    photos.length && !words && "bare",
    (sticker || ONLY_EMOJI.test(message.text ?? "")) && "jumbo",
  ];
  return h(
    "div",
    { class: ["bubble", ...kinds] },
    context.isGroup && !item.out && !serviceWords(message) && h("p", { class: "sender" }, item.sender.first_name),
    isQuoted(message.reply_to_message) && quote(message.reply_to_message, context),
    photos.length > 0 && showPhotos(photos, sending, context),
    files.length > 0 && showDocuments(files, sending, context),
    sticker,
    words,
    !words?.matches(".stamped") && stamp(item),
  );
}

/**
 * The text of a message, or its caption, with the time in its last line. Of an album's captions one alone stands here;
 * where several items have one, they show in the viewer only, and those of files below each file.
 */
function wording(item, context) {
  const worded = item.messages.filter(({ text, caption }) => text || caption);
  if (worded.length !== 1) return null;
  const [{ text, entities, caption, caption_entities: captionEntities }] = worded;
  const rich = richText(text ?? caption, entities ?? captionEntities ?? [], context.actions.command);
  return h("div", { class: "text stamped" }, rich, stamp(item));
}

/** What a message is that the page does not show, such as a voice message, or what it tells of a group. */
const naming = (item) => h("div", { class: "text stamped other" }, summary(item.messages[0]), stamp(item));

/** Time, and for one's own messages whether they are sent and seen. */
function stamp({ messages, out, sending, date }) {
  const failed = sending?.state === "failed";
  const reworded = messages.some((message) => message.reworded);
  return h(
    "span",
    { class: "stamp" },
    reworded && h("span", {}, "edited "),
    h("time", { datetime: new Date(date * 1000).toISOString(), title: inFull(date) }, clock(date)),
    out &&
      h(
        "span",
        { class: "ticks" },
        ...(sending
          ? [icon(failed ? "failed" : "clock"), unseen(failed ? ", not sent" : ", being sent")]
          : [icon("sent"), icon("read"), unseen(", sent")]),
      ),
  );
}

function quote(message, context) {
  const name = isBy(message, context.user) ? "You" : message.from.first_name;
  return h(
    "button",
    {
      class: "quote",
      title: "Show this message",
      onclick: () => context.actions.jump(message.message_id),
    },
    thumbnail(message, context.places),
    h("span", {}, h("b", {}, name), h("span", {}, summary(message))),
  );
}

function failure(sending, actions) {
  return h(
    "div",
    { class: "failure", role: "alert" },
    h("p", {}, sending.problem),
    h(
      "div",
      {},
      sending.asFile
        ? h("button", { class: "plain", onclick: () => actions.sendAsFiles(sending.id) }, icon("file"), "Send as a file")
        : h("button", { class: "plain", onclick: () => actions.retry(sending.id) }, icon("retry"), "Try again"),
      h("button", { class: "plain", onclick: () => actions.drop(sending.id) }, icon("trash"), "Discard"),
    ),
  );
}

function tools(message, actions) {
  return h(
    "div",
    { class: "tools" },
    iconButton("reply", "Reply", { class: "small", tabindex: "-1", onclick: () => actions.reply(message) }),
    iconButton("more", "More about this message", {
      class: "small",
      tabindex: "-1",
      "aria-haspopup": "menu",
      onclick: (event) => actions.menu(message, event.currentTarget),
    }),
  );
}
