/** Follows the chat over a WebSocket, and takes the thread up again whenever it breaks. */

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
const REFUSED = 4000; // sandbox/live.py

export class Live {
  #world = "";
  #last = 0;
  #pause_ms = FIRST_PAUSE_MS;

  /**
   * places: where to listen. tell: what to call, {history({events, isNewWorld, isFirst}), event(event),
   * profile(profile), connected(), lost(), refused(reason)}.
   */
  constructor(places, tell) {
    this.places = places;
    this.tell = tell;
    addEventListener("online", () => this.#connectNow?.());
    addEventListener("offline", () => this.#socket?.close()); // it would take long to notice by itself
    document.addEventListener("visibilitychange", () => document.hidden || this.#connectNow?.());
  }

  #connectNow = null;
  #socket = null;

  connect() {
    this.#connectNow = null;
    const socket = new WebSocket(this.places.live(this.#last, this.#world));
    this.#socket = socket;
    socket.addEventListener("open", () => this.tell.connected());
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      if (code === REFUSED) this.tell.refused(reason);
      else this.#tryAgain();
    });
  }

  #take({ kind, ...message }) {
    if (kind === "profile") this.tell.profile(message);
    else if (kind === "history") this.#begin(message);
    else if (kind === "events") message.events.forEach((event) => this.#go(event));
  }

  #begin({ world, last, events }) {
    const isFirst = this.#world === "";
    const isNewWorld = !isFirst && world !== this.#world;
    this.#world = world;
    this.#last = last;
    this.#pause_ms = FIRST_PAUSE_MS;
    this.tell.history({ events, isFirst, isNewWorld });
  }

  #go(event) {
    this.#last = event.event;
    this.tell.event(event);
  }

  #tryAgain() {
    this.tell.lost();
    const timer = setTimeout(() => this.connect(), this.#pause_ms);
    this.#pause_ms = Math.min(2 * this.#pause_ms, LONGEST_PAUSE_MS);
    this.#connectNow = () => {
      clearTimeout(timer);
      this.connect();
    };
  }
}
