/**
 * What the page knows: the acting person, the bot, the chats and their messages, what is open
 * and what is unread. Changes only through its methods, and tells each change as an event
 * ("chats", "open", "read", "message", "edited", "deleted", "older", "typing").
 * Touches neither the document nor the network.
 */

import { isOwn } from "./names.js";

export const GENERAL = 1;
const KEPT = 500;

/** The topic of a message in a forum, or null elsewhere. General has the number 1. */
export function threadOf(chat, message) {
  return chat.is_forum ? message.message_thread_id ?? GENERAL : null;
}

/**
 * A snapshot's messages, with those known before and after them: events may have come while the
 * snapshot was under way. A restarted sandbox counts anew, hence nothing is kept unless the
 * snapshot's last message is the one known by that number (`joined`).
 */
function merged(messages, known) {
  const last = messages.at(-1);
  const joined = known.some((one) => one.message_id === last?.message_id && one.date === last.date);
  if (!joined) return { messages: [...messages], joined };
  const first = messages[0].message_id;
  const older = known.filter((one) => one.message_id < first);
  const newer = known.filter((one) => one.message_id > last.message_id);
  return { messages: [...older, ...messages, ...newer], joined };
}

export class State extends EventTarget {
  people = [];
  me = null;
  bot = null;
  chats = new Map();
  open = null;
  /** The chats in which a text of this person is on its way to the server. */
  sending = new Set();

  /** Takes a whole snapshot (`/client/state`); what is open stays open when it still exists. */
  load(people, snapshot) {
    this.people = people;
    this.me = snapshot.me;
    this.bot = snapshot.bot;
    const before = this.chats;
    this.chats = new Map();
    for (const chat of snapshot.chats) this.#place(chat, before.get(chat.id));
    if (![...this.chats.values()].some((chat) => chat.type === "private")) this.#placeBot();
    if (this.open && !this.chats.has(this.open.chat)) this.open = null;
    this.#tell("chats");
  }

  #place(chat, known) {
    const topics = (chat.topics ?? []).map((topic) => ({
      ...topic,
      message_thread_id: topic.message_thread_id ?? GENERAL,
    }));
    const { messages, joined } = merged(chat.messages ?? [], known?.messages ?? []);
    const fresh = messages.length ? messages.at(-1).message_id : 0;
    // After a reconnection only what came since this page last looked is unread.
    const unread = known
      ? known.unread + messages.filter((message) => message.message_id > known.last).length
      : chat.unread ?? 0;
    this.chats.set(chat.id, {
      ...chat,
      // In Telegram the other side names a private chat.
      title: chat.type === "private" ? this.bot.first_name : chat.title,
      face: chat.type === "private" ? this.bot.id : chat.id,
      topics,
      messages,
      unread: this.watching(chat.id) ? 0 : unread,
      unreadTopics: known?.unreadTopics ?? new Map(),
      last: Math.max(known?.last ?? 0, fresh),
      complete: joined ? known.complete : messages.length === 0,
    });
  }

  /** A person who never pressed Start has no private chat yet, but must see where to begin. */
  #placeBot() {
    const { id } = this.me;
    this.#place({ id, type: "private", role: "member", can_post: true, messages: [] });
  }

  chat(id) {
    return this.chats.get(Number(id)) ?? null;
  }

  get current() {
    return this.open ? this.chat(this.open.chat) : null;
  }

  get privateChat() {
    return [...this.chats.values()].find((chat) => chat.type === "private") ?? null;
  }

  byUsername(username) {
    const wanted = username.toLowerCase();
    return [...this.chats.values()].find((chat) => chat.username?.toLowerCase() === wanted) ?? null;
  }

  /** Chats, the one with the newest message first. */
  get sorted() {
    const newest = (chat) => chat.messages.at(-1)?.date ?? 0;
    return [...this.chats.values()].sort((one, other) => newest(other) - newest(one));
  }

  get unread() {
    return [...this.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
  }

  /** The bot's commands as its menu shows them in one chat. */
  commands(chatId) {
    return this.bot.menu_commands_by_chat?.[chatId] ?? this.bot.commands ?? [];
  }

  /** The open chat's messages, in a forum only those of the open topic, oldest first. */
  get visible() {
    const chat = this.current;
    return chat ? chat.messages.filter((message) => this.#inOpenTopic(chat, message)) : [];
  }

  #inOpenTopic(chat, message) {
    return !chat.is_forum || chat.topics.length === 0 || threadOf(chat, message) === this.open.thread;
  }

  /** Whether a new message there is seen at once: the chat is open and so is the window. */
  watching(chatId) {
    return this.open?.chat === chatId && !document.hidden;
  }

  /** Opens a chat (in a forum at a topic), or nothing with null. */
  show(chatId, thread = null) {
    const chat = chatId === null ? null : this.chat(chatId);
    if (!chat) {
      this.open = null;
    } else {
      const known = chat.topics.some((topic) => topic.message_thread_id === thread);
      const latest = chat.messages.length ? threadOf(chat, chat.messages.at(-1)) : null;
      const fallback = chat.topics.some((topic) => topic.message_thread_id === latest)
        ? latest : chat.topics[0]?.message_thread_id ?? null;
      this.open = { chat: chat.id, thread: chat.is_forum ? (known ? thread : fallback) : null };
    }
    this.#tell("open", { unread: chat?.unread ?? 0 });
    this.read();
  }

  /** Marks what is open as read. */
  read() {
    const chat = this.current;
    if (!chat || !this.watching(chat.id)) return;
    const elsewhere = [...chat.unreadTopics].filter(([thread]) => thread !== this.open.thread);
    chat.unreadTopics = new Map(elsewhere);
    chat.unread = elsewhere.reduce((sum, [, count]) => sum + count, 0);
    this.#tell("read", { chat: chat.id });
    this.#tell("chats");
  }

  /** Applies one event of the sandbox's stream. Returns false for one that needs a new snapshot. */
  apply(event) {
    if (event.type === "message") return this.add(event.chat_id, event.message);
    if (event.type === "edited") return this.#replace(event.chat_id, event.message);
    if (event.type === "deleted") return this.#remove(event.chat_id, event.message_id);
    if (event.type === "typing") return this.#tell("typing", { chat: event.chat_id });
    if (event.type === "chat" && event.chat) {
      this.#place(event.chat, this.chat(event.chat.id) ?? undefined);
      return this.#tell("chats", { changed: event.chat.id });
    }
    return false;
  }

  /** Adds a message, once: a second telling of the same one changes nothing. */
  add(chatId, message) {
    const chat = this.chat(chatId);
    if (!chat) return false;
    if (message.message_id <= chat.last) {
      if (chat.messages.some((known) => known.message_id === message.message_id)) return true;
    }
    chat.messages.push(message);
    chat.messages.sort((one, other) => one.message_id - other.message_id);
    if (chat.messages.length > KEPT) {
      chat.messages.splice(0, chat.messages.length - KEPT);
      chat.complete = false;
    }
    chat.last = Math.max(chat.last, message.message_id);
    // A channel speaks in its own name, also when this person writes in it.
    const spoken = this.sending.has(chat.id) && message.sender_chat?.id === chat.id;
    const own = spoken || isOwn(message, this.me);
    if (!own) this.#countUnread(chat, message);
    this.#tell("message", { chat, message, own, visible: this.#isVisible(chat, message) });
    return this.#tell("chats");
  }

  #isVisible(chat, message) {
    return this.open?.chat === chat.id && this.#inOpenTopic(chat, message);
  }

  #countUnread(chat, message) {
    if (this.#isVisible(chat, message) && this.watching(chat.id)) {
      this.#tell("read", { chat: chat.id });
      return;
    }
    chat.unread += 1;
    const thread = threadOf(chat, message);
    if (thread !== null) chat.unreadTopics.set(thread, (chat.unreadTopics.get(thread) ?? 0) + 1);
  }

  /** Puts older messages before those known; `complete` says that there are none before them. */
  prepend(chatId, messages, complete) {
    const chat = this.chat(chatId);
    const known = new Set(chat.messages.map((message) => message.message_id));
    const added = messages.filter((message) => !known.has(message.message_id));
    chat.messages = [...added, ...chat.messages];
    chat.complete = complete || added.length === 0;
    this.#tell("older", { chat });
  }

  #replace(chatId, message) {
    const chat = this.chat(chatId);
    if (!chat) return false;
    const place = chat.messages.findIndex((known) => known.message_id === message.message_id);
    if (place < 0) return true;
    const before = chat.messages[place];
    chat.messages[place] = message;
    // Buttons alone may change too, which is no news.
    const told = message.edit_date !== before.edit_date || message.text !== before.text;
    this.#tell("edited", { chat, message, told, visible: this.#isVisible(chat, message) });
    return this.#tell("chats");
  }

  #remove(chatId, messageId) {
    const chat = this.chat(chatId);
    if (!chat) return false;
    chat.messages = chat.messages.filter((message) => message.message_id !== messageId);
    this.#tell("deleted", { chat, messageId });
    return this.#tell("chats");
  }

  /** The message by its number, when it is known. */
  message(chatId, messageId) {
    return this.chat(chatId)?.messages.find((known) => known.message_id === messageId) ?? null;
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
    return true;
  }
}
