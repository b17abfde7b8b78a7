/** Service messages in words ("Alex added Newsflash"), and what a message without text is. */

import { nameOf, senderOf } from "./names.js";

const SENTENCES = {
  new_chat_members: (message, actor) => added(message, actor),
  left_chat_member: (message, actor) =>
    message.left_chat_member.id === message.from?.id
      ? `${actor} left` : `${actor} removed ${nameOf(message.left_chat_member)}`,
  new_chat_title: (message, actor) => `${actor} renamed this chat to “${message.new_chat_title}”`,
  group_chat_created: (_, actor) => `${actor} created this group`,
  supergroup_chat_created: () => "This supergroup was created",
  channel_chat_created: () => "This channel was created",
  migrate_to_chat_id: () => "This group became a supergroup",
  migrate_from_chat_id: () => "This group became a supergroup",
  pinned_message: (_, actor) => `${actor} pinned a message`,
  forum_topic_created: (message) => `The topic “${message.forum_topic_created.name}” was created`,
  forum_topic_edited: () => "The topic was changed",
  forum_topic_closed: () => "The topic was closed",
  forum_topic_reopened: () => "The topic was opened again",
  general_forum_topic_hidden: () => "The topic General was hidden",
  general_forum_topic_unhidden: () => "The topic General is shown again",
  message_auto_delete_timer_changed: () => "The time after which messages vanish was changed",
};

function added(message, actor) {
  const members = message.new_chat_members;
  if (members.length === 1 && members[0].id === message.from?.id) return `${actor} joined`;
  return `${actor} added ${members.map(nameOf).join(", ")}`;
}

/** The sentence of a service message, or null when it is an ordinary one. */
export function serviceSentence(message) {
  const field = Object.keys(SENTENCES).find((name) => message[name] !== undefined && message[name] !== false);
  return field ? SENTENCES[field](message, nameOf(senderOf(message))) : null;
}

const KINDS = [
  "photo", "document", "video", "animation", "audio", "voice", "sticker", "poll", "location", "contact",
];

/** The kind of attachment of a message ("photo", "document", …), or null. */
export const attachmentKind = (message) => KINDS.find((kind) => message[kind] !== undefined) ?? null;

/** A message's first line, which stands alone in notices. */
export const headline = (message) =>
  (message.text ?? message.caption ?? "").split("\n")[0].trim().slice(0, 200) || summary(message);

/** One line that stands for a message in lists and quotes. */
export function summary(message) {
  const sentence = serviceSentence(message);
  if (sentence) return sentence;
  const text = (message.text ?? message.caption ?? "").replace(/\s+/g, " ").trim();
  if (text) return text;
  const kind = attachmentKind(message);
  if (kind === "document") return message.document.file_name ?? "Document";
  return kind ? kind[0].toUpperCase() + kind.slice(1) : "Message";
}
