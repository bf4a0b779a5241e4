/** The chat page: puts its parts together. */

import { placesOf, readAddress } from "./address.js";
import { makeCamera } from "./camera.js";
import { Composer } from "./composer.js";
import { Conversation, isBy, isPictureFile } from "./conversation.js";
import { byId, usesFingers } from "./dom.js";
import { Header } from "./header.js";
import { Live } from "./live.js";
import { openMenu } from "./menu.js";
import { announce, toast } from "./notices.js";
import { Outbox } from "./outbox.js";
import { listenForFiles } from "./picking.js";
import { forSending, readPicture } from "./pictures.js";
import { Preview } from "./preview.js";
import { Scrolling } from "./scrolling.js";
import { Starting } from "./starting.js";
import { Taps } from "./taps.js";
import { listenForTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Tray } from "./tray.js";
import { Viewer } from "./viewer.js";
import { count, summary } from "./words.js";

const address = readAddress(location.search);
const places = placesOf(address);
const conversation = new Conversation(address.user);
const header = new Header(address, places);

const starting = new Starting(address, (words) => sendText(words));
const taps = new Taps(places, {
  find: (id) => timeline.node(id),
  botName: () => header.name,
  follow: (link) => starting.follow(link),
});
const viewer = new Viewer(places, (command) => sendText(command));
const outbox = new Outbox(address.user, places, conversation, {
  onChange: () => show(true),
  onProgress: (id, part) => timeline.progress(id, part),
});

const timeline = new Timeline(byId("days"), {
  user: address.user,
  isGroup: Boolean(address.chat),
  places,
  actions: {
    command: (command) => sendText(command),
    reply: (message) => composer.replyTo(message),
    view: (message) => viewer.open(conversation.pictures(), message.message_id),
    tap(message, data) {
      scrolling.acted();
      taps.tap(message, data);
    },
    isWaiting: (message, data) => taps.isWaiting(message, data),
    copy,
    jump,
    menu: messageMenu,
    retry: (id) => outbox.retry(id),
    sendAsFiles: (id) => outbox.sendAsFiles(id),
    drop: (id) => outbox.drop(id),
  },
});

const scrolling = new Scrolling(byId("log"), byId("timeline"), (unread) => header.unread(unread));
const composer = new Composer(address, places, {
  sendText: (text, replyTo) => sendText(text, replyTo),
  lookUp: () => timeline.node(conversation.lastId) && timeline.focus(timeline.node(conversation.lastId)),
  pick: {
    photos: () => byId("pick-photos").click(),
    files: () => byId("pick-files").click(),
    camera: makeCamera((photo) => preview.offer([photo], false)),
  },
});
const preview = new Preview(({ photos, files, caption }) => {
  const replyTo = composer.takeReply();
  if (photos.length) outbox.sendPhotos(photos, caption, replyTo);
  if (files.length) outbox.sendFiles(files, photos.length ? "" : caption, replyTo);
  scrolling.toEnd();
});

const tray = new Tray(sendSample);

const live = new Live(places, {
  connected: () => header.connected(),
  lost: () => header.lost(),
  refused: (reason) => header.refused(reason),
  profile(profile) {
    header.profile(profile);
    starting.profile(profile);
    composer.commands.set(profile.commands);
  },
  history({ events, isFirst, isNewWorld }) {
    if (isNewWorld) {
      conversation.clear();
      composer.replyTo(null);
      taps.clear();
      tray.load();
      toast("The sandbox was started anew. This chat begins afresh.");
    }
    events.forEach(take);
    if (isFirst || isNewWorld) heard = [];
    outbox.reached(isNewWorld);
    const drawn = show(false);
    if (isFirst || isNewWorld) drawn.then(() => scrolling.toEnd());
  },
  event(event) {
    take(event);
    if (event.type === "chat_action") header.acts(event.action);
    else if (event.by === "bot" && event.type === "message") header.acts(null);
    show(true);
  },
});

function take(event) {
  conversation.apply(event);
  if (event.type === "callback_answered") taps.answered(event);
  if (event.type === "message" && !isBy(event.message, address.user)) heard.push(event.message);
}

/** Draw once for all events that come at the same time; `fresh`: some have only just happened. */
let drawing = null;
let isFresh = false;
function show(fresh) {
  isFresh ||= fresh;
  drawing ??= nextFrame().then(() => {
    const someFresh = isFresh;
    drawing = null;
    isFresh = false;
    timeline.show(conversation, someFresh);
    composer.offerAnswers(conversation.replyKeyboard);
    byId("welcome").hidden = !conversation.isEmpty;
    scrolling.follow();
    takeNotice();
  });
  return drawing;
}

const nextFrame = () => new Promise((next) => (document.hidden ? next() : requestAnimationFrame(next)));

/** What others wrote since the page was last drawn. */
let heard = [];

/** Tell what others wrote: count it where it is out of sight, and say it to those who listen. */
function takeNotice() {
  const nodes = new Set(heard.map(({ message_id: id }) => timeline.node(id)).filter(Boolean));
  scrolling.arrived([...nodes]);
  const albums = Map.groupBy(heard, (message) => message.media_group_id ?? message.message_id);
  for (const messages of albums.values()) {
    const [message] = messages;
    const words = messages.length > 1 && message.photo ? count(messages.length, "photo") : summary(message);
    announce(`${message.from.first_name}: ${words}`);
  }
  heard = [];
}

function sendText(text, replyTo = null) {
  outbox.sendText(text, replyTo);
  scrolling.toEnd();
}

/** Show a message that is referred to. */
function jump(messageId) {
  const node = timeline.node(messageId);
  if (node) scrolling.to(node);
  else toast("That message is deleted.");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser does not let this page copy.");
  }
}

function messageMenu(message, anchor, at = null) {
  const text = message.text ?? message.caption;
  openMenu(
    anchor,
    [
      { icon: "reply", words: "Reply", run: () => composer.replyTo(message) },
      text && navigator.clipboard && { icon: "copy", words: "Copy text", run: () => copy(text) },
      (message.photo || isPictureFile(message.document)) && {
        icon: "zoom-in",
        words: "View in full size",
        run: () => viewer.open(conversation.pictures(), message.message_id),
      },
    ].filter(Boolean),
    { label: "Message", at },
  );
}

async function sendSample(file) {
  const picture = await readPicture(file);
  if (picture) outbox.sendPhotos([await forSending(picture)], "", composer.takeReply());
  else toast("This browser cannot show that picture.");
  scrolling.toEnd();
}

/** Whoever just begins to type means the text field. */
addEventListener("keydown", (event) => {
  const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
  const isElsewhere = document.activeElement === document.body || document.activeElement === byId("log");
  if (isText && isElsewhere && !document.querySelector("dialog[open]")) byId("text").focus();
});

listenForTheme();
listenForFiles((files, asFiles) => preview.offer(files, asFiles));
tray.load();
live.connect();
if (!usesFingers() && !address.start) byId("text").focus();
