/**
 * The chat as data: what the sandbox's events make of it, and what is still being sent.
 *
 * A sending is what the user sends at once: {id, parts, state: "waiting" | "failed", problem, asFile, after}. Its
 * parts look like messages, so that they are shown alike, and give way to the real ones that come back with its id. One
 * that waits stands at the end; one that failed stays where it did, behind the message whose number is `after`.
 */

import { dayKey } from "./words.js";

const TOGETHER_S = 600; // messages of one sender within this time stand together

export class Conversation {
  #messages = new Map();
  #sendings = [];
  #sent = new Map(); // client id -> {parts, arrived}
  #readUpTo = 0;

  constructor(user) {
    this.user = user;
    this.replyKeyboard = null;
  }

  get isEmpty() {
    return this.#messages.size === 0 && this.#sendings.length === 0;
  }

  get lastId() {
    return [...this.#messages.keys()].at(-1) ?? 0;
  }

  /** Forget everything: another sandbox has taken the place of the one this came from. */
  clear() {
    this.#messages.clear();
    this.#sendings = this.#sendings.map((sending) => ({
      ...sending,
      parts: sending.parts.map((part) => ({ ...part, reply_to_message: undefined })),
      after: 0,
    }));
    this.#readUpTo = 0;
    this.replyKeyboard = null;
  }

  /** Take up one event of the sandbox. */
  apply(event) {
    if (event.by === "bot" || event.type === "chat_action") this.#readUpTo = this.lastId;
    if (event.type === "message") this.#add(event);
    else if (event.type === "edited") this.#edit(event.message);
    else if (event.type === "deleted") this.#messages.delete(event.message_id);
  }

  addSending(sending) {
    this.#sendings.push(sending);
    this.#sent.set(sending.id, { parts: sending.parts, arrived: 0 });
  }

  sending(id) {
    return this.#sendings.find((sending) => sending.id === id);
  }

  /** It waits to be sent, once more perhaps. */
  wait(id) {
    this.#change(id, { state: "waiting", problem: "", asFile: false });
  }

  /** It could not be sent. asFile: whether it can as a file. */
  fail(id, problem, asFile) {
    this.#change(id, { state: "failed", problem, asFile, after: this.lastId });
  }

  dropSending(id) {
    this.#sendings = this.#sendings.filter((sending) => sending.id !== id);
  }

  /** [{key, date, items}, ...]: what stands below which date, an item being one message or one album. */
  days() {
    const days = [];
    for (const item of this.#items()) {
      const key = dayKey(item.date);
      const last = days.at(-1); // what was written before midnight and waits still stands with what came after
      if (!last || (key !== last.key && item.date > last.date)) days.push({ key, date: item.date, items: [] });
      days.at(-1).items.push(item);
    }
    for (const { items } of days) {
      items.forEach((item, at) => {
        item.first = !standTogether(items[at - 1], item);
        item.last = !standTogether(item, items[at + 1]);
      });
    }
    return days;
  }

  /** Every message with a picture, in order, photos and picture files alike. */
  pictures() {
    return [...this.#messages.values()].filter((message) => message.photo || isPictureFile(message.document));
  }

  #change(id, changes) {
    this.#sendings = this.#sendings.map((sending) => (sending.id === id ? { ...sending, ...changes } : sending));
  }

  #items() {
    const items = [];
    const failed = this.#sendings.filter(({ state }) => state === "failed").sort((a, b) => a.after - b.after);
    const waiting = this.#sendings.filter(({ state }) => state === "waiting");
    for (const message of this.#messages.values()) {
      if (this.sending(message.clientId)) continue; // shown as long as its album is not complete
      const previous = items.at(-1);
      if (message.media_group_id && previous?.album === message.media_group_id) {
        previous.messages.push(message);
        continue;
      }
      while (failed.length && failed[0].after < message.message_id) items.push(this.#pendingItem(failed.shift()));
      items.push(this.#item(message));
    }
    return [...items, ...[...failed, ...waiting].map((sending) => this.#pendingItem(sending))];
  }

  #item(message) {
    const out = isBy(message, this.user);
    return {
      key:
        message.clientId ??
        (message.media_group_id ? `album ${message.media_group_id}` : `message ${message.message_id}`),
      album: message.media_group_id,
      messages: [message],
      sender: message.sender_chat ? { id: message.sender_chat.id, first_name: message.sender_chat.title } : message.from,
      date: message.date,
      out,
      read: out && message.message_id <= this.#readUpTo,
      sending: null,
    };
  }

  #pendingItem(sending) {
    const sender = { id: this.user };
    return {
      key: sending.id,
      messages: sending.parts,
      sender,
      date: sending.parts[0].date,
      out: true,
      read: false,
      sending,
    };
  }

  #add({ message, client_id: clientId, reply_markup: markup }) {
    const sent = this.#sent.get(clientId);
    const preview = sent?.parts[sent.arrived]?.photo?.[0].url;
    this.#messages.set(message.message_id, { ...message, clientId, preview });
    if (sent) {
      sent.arrived += 1;
      if (sent.arrived === sent.parts.length) this.dropSending(clientId);
    }
    if (markup?.keyboard) this.replyKeyboard = markup;
    if (markup?.remove_keyboard) this.replyKeyboard = null;
  }

  #edit(message) {
    const before = this.#messages.get(message.message_id);
    if (!before) return;
    const { clientId } = before;
    const reworded = before.reworded || before.text !== message.text || before.caption !== message.caption;
    this.#messages.set(message.message_id, { ...message, clientId, reworded });
  }
}

/** Whether a user wrote a message; a bot may have the same number. */
export const isBy = (message, user) => message.from.id === user && !message.from.is_bot;

export const isPictureFile = (document) => /^image\/(jpeg|png|webp|gif)$/.test(document?.mime_type ?? "");

function standTogether(above, below) {
  return (
    Boolean(above && below) &&
    above.out === below.out &&
    above.sender.id === below.sender.id &&
    below.date - above.date < TOGETHER_S
  );
}
