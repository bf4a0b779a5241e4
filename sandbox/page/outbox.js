/** Sends what the user writes and picks, one after the other and in order; what fails stays, to be tried again. */

import { OUT_OF_REACH, post } from "./server.js";
import { failureWords, mayBeSentAsFile } from "./words.js";

const MOST_IN_ALBUM = 10;

/** The largest file, and the most that is sent at once. */
export const MOST_BYTES = 50 * 1024 * 1024;

export class Outbox {
  #queue = Promise.resolve();
  #contents = new Map(); // sending id -> {action, fields, media, caption, replyTo, isUnreached, controller}

  /** conversation: where sendings are shown. onChange: when one appears, changes or goes. onProgress(id, part). */
  constructor(user, places, conversation, { onChange, onProgress }) {
    Object.assign(this, { user, places, conversation, onChange, onProgress });
  }

  sendText(text, replyTo) {
    this.#add({ action: "text", fields: [["text", text]], replyTo }, [{ text, entities: [] }]);
  }

  /** pictures: as `forSending` makes them; more than ten make several albums, the first with the caption. */
  sendPhotos(pictures, caption = "", replyTo = null) {
    this.#sendMedia("photo", pictures, caption, replyTo, ({ url, width, height }) => ({
      photo: [{ url, width, height }],
    }));
  }

  /** files: [{file, url}, ...] */
  sendFiles(files, caption = "", replyTo = null) {
    const row = ({ file, url }) => ({
      document: { file_name: file.name, file_size: file.size, mime_type: file.type, url },
    });
    this.#sendMedia("document", files, caption, replyTo, row);
  }

  retry(id) {
    this.conversation.wait(id);
    this.#line(id);
  }

  /** Send pictures that cannot be photos as the files they are. */
  sendAsFiles(id) {
    if (!this.#contents.has(id)) return; // pressed twice
    const { media, caption, replyTo } = this.#contents.get(id);
    this.drop(id);
    const files = media.map(({ original, url }) => ({ file: original, url }));
    this.sendFiles(files, caption, replyTo);
  }

  /** The sandbox is there again: send what did not reach it. isNew: it knows nothing of what was replied to. */
  reached(isNew) {
    for (const [id, content] of this.#contents) {
      if (isNew) content.replyTo = null;
      if (content.isUnreached) this.retry(id);
    }
  }

  /** Stop sending, or give up on what has failed. */
  drop(id) {
    this.#contents.get(id)?.controller?.abort();
    this.#contents.delete(id);
    this.conversation.dropSending(id);
    this.onChange();
  }

  #sendMedia(action, media, caption, replyTo, look) {
    inAlbums(media).forEach((some, at) => {
      const words = at === 0 ? caption : "";
      const parts = some.map((one, place) => ({ ...look(one), ...(place === 0 && words && { caption: words }) }));
      const fields = [...some.map(({ file }) => [action, file]), ...(words ? [["caption", words]] : [])];
      this.#add({ action, fields, media: some, caption: words, replyTo }, parts);
    });
  }

  #add(content, looks) {
    const id = newId();
    const { replyTo } = content;
    const common = {
      from: { id: this.user },
      date: Math.floor(Date.now() / 1000),
      ...(replyTo && { reply_to_message: replyTo }),
    };
    this.#contents.set(id, content);
    this.conversation.addSending({
      id,
      state: "waiting",
      problem: "",
      parts: looks.map((look) => ({ ...common, ...look })),
    });
    this.#line(id);
  }

  #line(id) {
    this.onChange();
    this.#queue = this.#queue.then(() => this.#send(id));
  }

  async #send(id) {
    const content = this.#contents.get(id);
    if (!content || !this.conversation.sending(id)) {
      this.#contents.delete(id);
      return;
    }
    content.controller = new AbortController();
    content.isUnreached = false;
    const reply = content.replyTo ? [["reply_to_message_id", content.replyTo.message_id]] : [];
    try {
      await post(this.places.post(content.action), [...content.fields, ...reply, ["client_id", id]], {
        signal: content.controller.signal,
        onProgress: (fraction) => this.onProgress(id, fraction),
      });
      this.#contents.delete(id);
    } catch (error) {
      content.isUnreached = error.message === OUT_OF_REACH;
      this.conversation.fail(id, failureWords(error.message), mayBeSentAsFile(error.message));
      this.onChange();
    }
  }
}

/** Of this sending alone, in every browser: `crypto.randomUUID` is missing where a phone comes over plain HTTP. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Media in groups that fit into one sending each. */
function inAlbums(media) {
  const albums = [];
  let bytes = 0;
  for (const one of media) {
    bytes += one.file.size;
    if (albums.length && albums.at(-1).length < MOST_IN_ALBUM && bytes <= MOST_BYTES) {
      albums.at(-1).push(one);
    } else {
      albums.push([one]);
      bytes = one.file.size;
    }
  }
  return albums;
}
