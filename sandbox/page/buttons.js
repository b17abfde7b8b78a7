/**
 * Inline keyboards: rows of buttons under a message. Rendering, and which kind of press each
 * one is; what a press does is the caller's `press(place, button)`.
 */

import { element, icon } from "./elements.js";
import { safeAddress } from "./entities.js";

const SIGNS = [
  ["url", "outside"],
  ["switch_inline_query", "share"],
  ["switch_inline_query_chosen_chat", "share"],
  ["copy_text", "copy"],
];

/** The rows of a message's `reply_markup`, or null when it has none. */
export function keyboard(message, press) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length === 0) return null;
  return element(
    "div",
    { class: "keyboard", role: "group", "aria-label": "Buttons of this message" },
    ...rows.map((row, rowNumber) => element(
      "div",
      { class: "keyboard-row" },
      ...row.map((button, column) => oneButton(button, { row: rowNumber, column }, press)),
    )),
  );
}

function oneButton(button, place, press) {
  const sign = SIGNS.find(([field]) => button[field] !== undefined);
  const words = element("span", { class: "button-text", dir: "auto" }, button.text);
  const content = [words, sign && icon(sign[1])];
  const attributes = {
    class: `message-button ${button.style ? `style-${button.style}` : ""}`.trim(),
    data: { testid: "button", row: place.row, column: place.column },
  };
  const click = (event) => {
    event.preventDefault();
    press(place, button, event.currentTarget);
  };
  const href = button.url ? safeAddress(button.url) : null;
  if (href) {
    const target = { href, target: "_blank", rel: "noopener noreferrer" };
    return element("a", { ...attributes, ...target, on: { click } }, ...content);
  }
  return element("button", { type: "button", ...attributes, on: { click } }, ...content);
}
