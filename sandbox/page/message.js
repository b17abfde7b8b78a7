/**
 * One message as the conversation shows it: bubble, quote, text, preview, time, buttons.
 * Rendering only; `view` says who looks and what a press does:
 * `{me, chat, previous, press(message, place, button, node), reply(message), remove(message),
 * jump(messageId)}`.
 */

import { attachment, previewCard } from "./attachments.js";
import { keyboard } from "./buttons.js";
import * as clock from "./clock.js";
import { element, icon, iconButton } from "./elements.js";
import { formatted } from "./entities.js";
import { avatar, isOwn, nameOf, senderOf, toneClass } from "./names.js";
import { serviceSentence, summary } from "./service.js";

const RUN = 300;

/** A message with, before it, the day's name when it is the first of its day. */
export function entry(message, view) {
  const newDay = !view.previous || !clock.sameDay(view.previous.date, message.date);
  const separator = newDay
    ? element("div", { class: "day" }, element("span", { class: "pill" }, clock.day(message.date))) : null;
  return element(
    "div",
    { class: "entry", data: { entry: message.message_id } },
    separator,
    serviceSentence(message) ? service(message) : ordinary(message, view, newDay),
  );
}

const hooks = ({ message_id: id }) => ({ testid: `message-${id}`, id });

function service(message) {
  return element(
    "div",
    { class: "service", tabindex: "-1", data: hooks(message) },
    element("span", { class: "pill" }, serviceSentence(message)),
  );
}

function continues(message, view, newDay) {
  const { previous } = view;
  if (!previous || newDay || serviceSentence(previous)) return false;
  const same = senderOf(previous)?.id === senderOf(message)?.id;
  return same && message.date - previous.date < RUN;
}

function ordinary(message, view, newDay) {
  const own = isOwn(message, view.me);
  const crowd = view.chat.type === "group" || view.chat.type === "supergroup";
  const joined = continues(message, view, newDay);
  const sender = senderOf(message);
  const face = crowd && !own && element(
    "span", { class: "face" }, !joined && avatar(sender?.id, nameOf(sender), "small"),
  );
  const column = element(
    "div",
    { class: "column" },
    bubble(message, view, { named: crowd && !own && !joined, own }),
    keyboard(message, (place, button, node) => view.press(message, place, button, node)),
  );
  const name = own ? "You" : nameOf(sender);
  return element(
    "article",
    {
      class: `message ${own ? "own" : "other"} ${joined ? "joined" : ""}`.trim(),
      tabindex: "-1",
      "aria-label": `${name}, ${clock.hour(message.date)}`,
      data: hooks(message),
    },
    face,
    column,
    possibilities(message, view, own),
  );
}

/** What can be done with a message; by keyboard R and Delete do it, so these are no tab stops. */
function possibilities(message, view, own) {
  const rules = view.chat.role === "creator" || view.chat.role === "administrator";
  const act = (name, label, then) =>
    iconButton(name, label, { tabindex: "-1", on: { click: () => then(message) } });
  return element(
    "div",
    { class: "possibilities" },
    view.chat.can_post !== false && act("reply", "Reply (R)", view.reply),
    (own || rules) && act("bin", "Delete (Del)", view.remove),
  );
}

function bubble(message, view, { named, own }) {
  const text = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const words = text && element(
    "div",
    { class: "text" },
    element("span", { data: { testid: "text" }, dir: "auto" }, ...formatted(text, entities)),
  );
  const card = message.preview ? previewCard(message.preview) : null;
  const above = Boolean(message.preview?.above);
  const footer = meta(message, own);
  const node = element(
    "div",
    { class: `bubble ${message.preview?.large || message.photo_url ? "wide" : ""}`.trim() },
    named && senderLine(message),
    origin(message),
    // In a forum every message of a topic answers the one that opened the topic.
    message.reply_to_message && !message.reply_to_message.forum_topic_created && quoted(message, view),
    attachment(message),
    above && card,
    words,
    !above && card,
  );
  // The time sits on the text's last line when the text is what ends the bubble.
  (words && (above || !card) ? words : node).append(footer);
  return node;
}

function senderLine(message) {
  const sender = senderOf(message);
  const badge = sender?.is_bot && element("span", { class: "badge" }, "bot");
  return element("div", { class: `sender ${toneClass(sender?.id)}` }, nameOf(sender), badge);
}

function origin(message) {
  const lines = [];
  if (message.via_bot) lines.push(`via @${message.via_bot.username}`);
  const source = message.forward_origin;
  if (source) {
    const name = source.sender_user_name ?? nameOf(source.chat ?? source.sender_chat ?? source.sender_user);
    lines.push(`Forwarded from ${name}`);
  }
  return lines.map((line) => element("div", { class: "origin" }, line));
}

function quoted(message, view) {
  const target = message.reply_to_message;
  const sender = isOwn(target, view.me) ? "You" : nameOf(senderOf(target));
  return element(
    "button",
    {
      type: "button",
      class: "quoted",
      "aria-label": `In reply to ${sender}: ${summary(target)}`,
      on: { click: () => view.jump(target.message_id) },
    },
    element("span", { class: "quoted-name" }, sender),
    element("span", { class: "quoted-text", dir: "auto" }, message.quote?.text ?? summary(target)),
  );
}

function meta(message, own) {
  return element(
    "span",
    { class: "meta" },
    message.author_signature && element("span", {}, message.author_signature),
    message.edit_date && element(
      "span",
      { data: { testid: "edited" }, title: clock.full(message.edit_date) },
      `edited ${clock.hour(message.edit_date)}`,
    ),
    !own && sound(message),
    element(
      "time",
      { datetime: new Date(message.date * 1000).toISOString(), title: clock.full(message.date) },
      clock.hour(message.date),
    ),
  );
}

/** The sign that tells a message that rang from one that came silently. */
function sound(message) {
  const words = message.silent ? "silent" : "with sound";
  return element(
    "span",
    {
      class: `sound ${message.silent ? "silent" : "ringing"}`, role: "img",
      "aria-label": words, title: words, data: { testid: "sound" },
    },
    icon(message.silent ? "bellOff" : "bell"),
  );
}
