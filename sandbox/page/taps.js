/** Presses of inline buttons: each waits for the bot's answer, which comes as an event. */

import { post } from "./server.js";
import { alertOf, toast } from "./notices.js";

const LONGEST_MS = 15_000; // as long as Telegram takes a bot's answer

export class Taps {
  #waiting = new Map(); // "message data" -> what ends the waiting
  #asked = new Map(); // query id -> the same, once the id is known
  #answers = new Map(); // query id -> an answer that came before that, or is none of ours

  /** find: gives the node of a message. botName: gives the name above alerts. follow: takes a deep link, if it is one. */
  constructor(places, { find, botName, follow }) {
    Object.assign(this, { places, find, botName, follow });
  }

  isWaiting(message, data) {
    return this.#waiting.has(keyOf(message, data));
  }

  async tap(message, data) {
    const key = keyOf(message, data);
    if (this.#waiting.has(key)) return;
    const end = () => {
      this.#waiting.delete(key);
      this.#show(message, data, false);
    };
    this.#waiting.set(key, end);
    this.#show(message, data, true);
    try {
      const { callback_query_id: query } = await post(this.places.post("tap"), [
        ["message_id", message.message_id],
        ["data", data],
      ]);
      this.#asked.set(query, end);
      if (this.#answers.has(query)) this.answered(this.#answers.get(query));
      else setTimeout(() => this.#asked.get(query) === end && this.#asked.delete(query) && end(), LONGEST_MS);
    } catch (error) {
      end();
      toast(error.message.replace(/^Bad Request: /, ""));
    }
  }

  /** The bot has answered a press, perhaps with words; presses in other windows are answered there. */
  answered(answer) {
    const { callback_query_id: query, text, show_alert: isAlert, url } = answer;
    const end = this.#asked.get(query);
    if (!end) {
      this.#answers.set(query, answer);
      return;
    }
    this.#asked.delete(query);
    end();
    const words = [text, url && !this.follow(url) && url].filter(Boolean).join(" ");
    if (words && isAlert) alertOf(this.botName(), words);
    else if (words) toast(words);
  }

  /** Forget what was asked of another sandbox, whose numbers may come again. */
  clear() {
    this.#asked.forEach((end) => end());
    this.#asked.clear();
    this.#answers.clear();
  }

  #show(message, data, isWaiting) {
    const button = this.find(message.message_id)?.querySelector(`.key[data-callback="${CSS.escape(data)}"]`);
    if (isWaiting) button?.setAttribute("aria-busy", "true");
    else button?.removeAttribute("aria-busy");
  }
}

const keyOf = (message, data) => `${message.message_id} ${data}`;
