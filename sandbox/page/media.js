/** The photos and files of a message. */

import { isPictureFile } from "./conversation.js";
import { h, iconButton, unseen } from "./dom.js";
import { mosaic } from "./mosaic.js";
import { richText } from "./rich_text.js";
import { fileSize } from "./words.js";

const WIDEST_PX = 430;
const NARROWEST_PX = 200;
const HIGHEST_PX = 460;
const SHAPES = { tallest: 0.56, widest: 2.2 }; // what is more extreme is cropped in the chat and whole in the viewer

/** Where a size of a photo, or a file, can be had: at the sandbox, or in this browser while it is on its way there. */
export const addressOf = (file, places) => file.url ?? places.file(file.file_id);

/** One photo in its own shape, several as a mosaic. */
export function showPhotos(messages, sending, context) {
  const tiles = messages.map((message, at) => photoButton(message, at, messages, sending, context));
  const ratios = messages.map(({ photo }) => photo.at(-1).width / photo.at(-1).height);
  const frame = h(
    "div",
    { class: `photos${messages.length > 1 ? " album" : ""}` },
    h("div", { class: "tiles" }, tiles),
    sending && progressRing(sending, context.actions),
  );
  if (messages.length === 1) shapeAlone(frame, ratios[0], messages[0].photo.at(-1).width);
  else shapeMosaic(frame, tiles, ratios);
  return frame;
}

function shapeAlone(frame, ratio, ownWidth) {
  const shape = Math.min(Math.max(ratio, SHAPES.tallest), SHAPES.widest);
  const width = Math.min(WIDEST_PX, HIGHEST_PX * shape, Math.max(ownWidth, NARROWEST_PX));
  frame.style.width = `${Math.round(Math.max(width, NARROWEST_PX))}px`;
  frame.style.aspectRatio = String(shape);
}

function shapeMosaic(frame, tiles, ratios) {
  const plan = mosaic(ratios);
  frame.style.width = `${WIDEST_PX}px`;
  frame.style.aspectRatio = String(plan.shape);
  plan.tiles.forEach(({ x, y, width, height }, at) => {
    const percents = { left: x, top: y, width, height };
    for (const [property, fraction] of Object.entries(percents)) tiles[at].style[property] = `${100 * fraction}%`;
  });
}

function photoButton(message, at, messages, sending, context) {
  const total = messages.length;
  const enough = total > 1 ? 320 : 800;
  const size = message.photo.find(({ width, height }) => Math.max(width, height) >= enough) ?? message.photo.at(-1);
  const place = total > 1 ? ` ${at + 1} of ${total}` : "";
  const words = `Photo${place}${message.caption ? `: ${message.caption.split("\n")[0]}` : ""}`;
  return h(
    "button",
    {
      class: "photo",
      "aria-label": words,
      "data-part": message.message_id,
      disabled: Boolean(sending),
      onclick: () => context.actions.view(message),
    },
    h("img", {
      src: message.preview ?? addressOf(size, context.places),
      alt: "",
      width: size.width,
      height: size.height,
      decoding: message.preview ? "sync" : "async",
    }),
  );
}

/** A static sticker, on no bubble. */
export const showSticker = ({ sticker }, { places }) =>
  h("img", {
    class: "sticker",
    src: addressOf(sticker, places),
    alt: `Sticker ${sticker.emoji}`,
    width: sticker.width,
    height: sticker.height,
  });

/** How far an upload is, around a button that stops it. */
function progressRing(sending, actions) {
  if (sending.state === "failed") return null;
  return h(
    "div",
    { class: "progress" },
    h("span", { role: "progressbar", "aria-label": "Sending", "aria-valuenow": "0" }),
    iconButton("close", "Stop sending", { onclick: () => actions.drop(sending.id) }),
  );
}

/** Files as rows: a picture of what they hold, or their ending; name and size; a click opens or saves them. */
export function showDocuments(messages, sending, context) {
  const areSeveral = messages.filter(({ caption }) => caption).length > 1;
  return h(
    "div",
    { class: "files" },
    messages.flatMap((message) => [fileRow(message, sending, context), areSeveral && ownCaption(message, context)]),
    sending && progressRing(sending, context.actions),
  );
}

function ownCaption({ caption, caption_entities: entities = [] }, context) {
  return caption && h("div", { class: "text" }, richText(caption, entities, context.actions.command));
}

function fileRow(message, sending, context) {
  const { document } = message;
  const address = addressOf(document, context.places);
  const ending = (document.file_name.match(/\.(\w{1,4})$/)?.[1] ?? "file").toUpperCase();
  const face =
    isPictureFile(document) && !sending
      ? h(
          "button",
          {
            class: "face",
            "aria-label": `Show ${document.file_name}`,
            onclick: () => context.actions.view(message),
          },
          h("img", { src: address, alt: "", loading: "lazy", onerror: (event) => event.target.replaceWith(ending) }),
        )
      : h("span", { class: "face", "aria-hidden": "true" }, ending);
  const about = [h("b", {}, document.file_name), h("span", {}, fileSize(document.file_size))];
  return h(
    "div",
    { class: "file", "data-part": message.message_id },
    face,
    sending
      ? h("span", { class: "about" }, about)
      : h("a", { class: "about", href: address, download: document.file_name }, about, unseen(", save")),
  );
}

/** A small picture of a message, where it has one that can be shown. */
export function thumbnail(message, places) {
  const file = message.photo?.[0] ?? (isPictureFile(message.document) ? message.document : null);
  const hide = (event) => event.target.remove(); // a file may only be called a picture
  return file && h("img", { class: "thumbnail", src: addressOf(file, places), alt: "", onerror: hide });
}
