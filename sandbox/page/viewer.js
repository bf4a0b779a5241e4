/** Pictures in full size: turned with arrow keys or a swipe, zoomed by wheel, pinch or double click. */

import { byId } from "./dom.js";
import { addressOf } from "./media.js";
import { richText } from "./rich_text.js";

const LARGEST = 6;
const STEP = 1.6;
const SWIPE_PX = 60;

export class Viewer {
  #pictures = [];
  #at = 0;
  #scale = 1;
  #shift = { x: 0, y: 0 };
  #pointers = new Map();
  #swiped = { x: 0, y: 0 };

  constructor(places, onCommand) {
    Object.assign(this, { places, onCommand });
    [this.dialog, this.stage, this.image] = ["viewer", "viewer-stage", "viewer-image"].map(byId);
    const buttons = {
      close: () => this.dialog.close(),
      in: () => this.#zoom(STEP),
      out: () => this.#zoom(1 / STEP),
      previous: () => this.#turn(-1),
      next: () => this.#turn(1),
    };
    for (const [name, run] of Object.entries(buttons)) byId(`viewer-${name}`).addEventListener("click", run);
    // on the window, for a button that is used up and disabled loses the focus
    addEventListener("keydown", (event) => this.dialog.open && this.#key(event));
    this.dialog.addEventListener("close", () => this.image.removeAttribute("src"));
    this.stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.stage.addEventListener("dblclick", (event) => this.#zoom(this.#scale > 1 ? 0 : 2.5, event));
    this.stage.addEventListener("pointerdown", (event) => this.#down(event));
    this.stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.stage.addEventListener(kind, (event) => this.#up(event));
  }

  /** Open at one of these messages, each of which has a picture. */
  open(messages, messageId) {
    this.#pictures = messages;
    this.#at = Math.max(
      0,
      messages.findIndex(({ message_id: id }) => id === messageId),
    );
    this.dialog.showModal();
    this.#show();
  }

  #show() {
    const message = this.#pictures[this.#at];
    const address = addressOf(message.photo?.at(-1) ?? message.document, this.places);
    const caption = message.caption ?? "";
    const place = `${this.#at + 1} of ${this.#pictures.length}`;
    this.image.src = address;
    this.image.alt = caption ? `Picture ${place}: ${caption}` : `Picture ${place}`;
    byId("viewer-place").textContent = place;
    byId("viewer-save").href = address;
    byId("viewer-save").download = message.document?.file_name ?? `photo-${message.message_id}.jpg`;
    byId("viewer-caption").replaceChildren(
      richText(caption, message.caption_entities ?? [], (command) => {
        this.dialog.close();
        this.onCommand(command);
      }),
    );
    byId("viewer-previous").disabled = this.#at === 0;
    byId("viewer-next").disabled = this.#at === this.#pictures.length - 1;
    this.#zoom(0);
  }

  #turn(by) {
    const to = this.#at + by;
    if (!this.#pictures[to]) return;
    this.#at = to;
    this.#show();
  }

  #key(event) {
    const run = {
      ArrowLeft: () => this.#turn(-1),
      ArrowRight: () => this.#turn(1),
      Home: () => this.#turn(-this.#at),
      End: () => this.#turn(this.#pictures.length - 1 - this.#at),
      "+": () => this.#zoom(STEP),
      "=": () => this.#zoom(STEP),
      "-": () => this.#zoom(1 / STEP),
      0: () => this.#zoom(0),
    }[event.key];
    if (!run || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    run();
  }

  #wheel(event) {
    event.preventDefault();
    this.#zoom(Math.exp(-event.deltaY / 300), event);
  }

  /** Zoom by a factor around a point of the stage; a factor of 0 goes back to the whole picture. */
  #zoom(factor, { clientX = innerWidth / 2, clientY = innerHeight / 2 } = {}) {
    const before = this.#scale;
    this.#scale = factor ? Math.min(Math.max(before * factor, 1), LARGEST) : 1;
    const grown = this.#scale / before;
    const box = this.stage.getBoundingClientRect();
    const [x, y] = [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
    this.#place(
      this.#scale === 1 ? 0 : x - (x - this.#shift.x) * grown,
      this.#scale === 1 ? 0 : y - (y - this.#shift.y) * grown,
    );
    byId("viewer-out").disabled = this.#scale === 1;
    byId("viewer-in").disabled = this.#scale === LARGEST;
  }

  #place(x, y) {
    const room = { x: (this.image.clientWidth * this.#scale) / 2, y: (this.image.clientHeight * this.#scale) / 2 };
    this.#shift = { x: Math.min(Math.max(x, -room.x), room.x), y: Math.min(Math.max(y, -room.y), room.y) };
    this.image.style.transform = `translate(${this.#shift.x}px, ${this.#shift.y}px) scale(${this.#scale})`;
    this.stage.classList.toggle("zoomed", this.#scale > 1);
  }

  #down(event) {
    this.stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    this.#swiped = { x: 0, y: 0 };
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    this.#pointers.set(event.pointerId, event);
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (this.#pointers.size === 2) {
      const other = [...this.#pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      this.#zoom(apart(event) / Math.max(apart(before), 1), middle);
    } else if (this.#scale > 1) {
      this.#place(this.#shift.x + dx, this.#shift.y + dy);
    } else {
      this.#swiped = { x: this.#swiped.x + dx, y: this.#swiped.y + dy };
    }
  }

  /** Let go: sideways turns the picture, upwards or downwards closes it, a click beside it closes it too. */
  #up(event) {
    const wasAlone = this.#pointers.size === 1;
    const isClick = Math.hypot(this.#swiped.x, this.#swiped.y) < 4;
    if (!this.#pointers.delete(event.pointerId) || !wasAlone || this.#scale > 1 || event.type === "pointercancel")
      return;
    const { x, y } = this.#swiped;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) this.#turn(x < 0 ? 1 : -1);
    else if (Math.abs(y) > 1.5 * SWIPE_PX && event.pointerType !== "mouse") this.dialog.close();
    else if (isClick && !this.#isOnImage(event)) this.dialog.close();
  }

  #isOnImage({ clientX, clientY }) {
    const { left, right, top, bottom } = this.image.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }
}
