/** The buttons below a message. */

import { h, icon, unseen } from "./dom.js";

/** actions: `tap(message, data)`, and `isWaiting(message, data)`: whether the bot has yet to answer a tap. */
export function showKeyboard(message, actions) {
  const rows = message.reply_markup.inline_keyboard;
  return h(
    "div",
    { class: "keyboard", role: "group", "aria-label": "Buttons of this message" },
    rows.map((row) =>
      h(
        "div",
        {},
        row.map((button) => showButton(button, message, actions)),
      ),
    ),
  );
}

function showButton(button, message, actions) {
  if (button.url) {
    const safe = /^https?:/i.test(button.url) ? button.url : null;
    return h(
      "a",
      { class: "key", href: safe, target: "_blank", rel: "noopener noreferrer nofollow", title: button.url },
      h("span", {}, button.text),
      icon("outside"),
    );
  }
  if (button.copy_text) {
    const copy = () => actions.copy(button.copy_text.text);
    return h("button", { class: "key", onclick: copy }, h("span", {}, button.text), icon("copy"));
  }
  if (button.callback_data === undefined) {
    return h(
      "button",
      { class: "key", disabled: true, title: "The sandbox does not imitate this button" },
      h("span", {}, button.text),
    );
  }
  return h(
    "button",
    {
      class: "key",
      "aria-busy": actions.isWaiting(message, button.callback_data) && "true",
      "data-callback": button.callback_data,
      onclick: () => actions.tap(message, button.callback_data),
    },
    h("span", {}, button.text),
    unseen("(waiting for the bot)"), // while it is busy
  );
}
