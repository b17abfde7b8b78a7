/**
 * Who is who: names, initials, colours, roles and avatars of people and chats.
 * Pure functions of the Bot API's objects, and one small node.
 */

import { element } from "./elements.js";

const TONES = 7;

/** A person's or chat's name as shown: first and last name, or the title. */
export function nameOf(actor) {
  if (!actor) return "Somebody";
  if (actor.title) return actor.title;
  return [actor.first_name, actor.last_name].filter(Boolean).join(" ") || actor.username || "Somebody";
}

/** Up to two initials, of the first and last word that begin with a letter or digit. */
export function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";
}

/** A colour's class that is always the same for one id and differs for neighbouring ids. */
export const toneClass = (id) => `tone-${(Math.abs(Number(id) || 0) * 3 + 5) % TONES}`;

/** A round avatar with initials; decorative, since the name always stands beside it. */
export function avatar(id, name, size = "medium") {
  return element(
    "span",
    { class: `avatar avatar-${size} ${toneClass(id)}`, "aria-hidden": "true" },
    initials(name),
  );
}

/** The one who sent a message: a chat (channel, anonymous administrator) or a person. */
export const senderOf = (message) => message.sender_chat ?? message.from ?? null;

/** Whether a message was sent by the person who looks. */
export const isOwn = (message, me) => !message.sender_chat && message.from?.id === me.id;

const ROLES = { creator: "owner", administrator: "admin", member: "member", subscriber: "subscriber" };

/** The acting person's role in a chat, in one word ("bot" for the private chat). */
export const roleOf = (chat) => (chat.type === "private" ? "bot" : ROLES[chat.role] ?? chat.role ?? "");

/** What kind of chat it is, in one word, and its icon's name. */
export function kindOf(chat) {
  if (chat.type === "private") return { word: "bot", icon: "bot" };
  if (chat.type === "channel") return { word: "channel", icon: "channel" };
  return chat.is_forum ? { word: "forum", icon: "forum" } : { word: "group", icon: "group" };
}
