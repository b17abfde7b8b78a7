/** The composition: loads the state, puts the parts together, follows events, keys and address. */

import { Actions } from "./actions.js";
import { ChatList } from "./chatlist.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { element, narrow } from "./elements.js";
import { nameOf, senderOf } from "./names.js";
import { Bell, Title, announce, settle, toast } from "./notices.js";
import * as server from "./server.js";
import { headline } from "./service.js";
import { State } from "./state.js";

const PAUSE = 300;

const client = document.getElementById("client");
const state = new State();
const bell = new Bell();
const title = new Title();
const actions = new Actions(state);

/** The chat and topic in the address: `#-1001/5`. */
function addressed() {
  const [, chat, thread] = /^#(-?\d+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
  return chat === undefined ? null : { chat: Number(chat), thread: thread ? Number(thread) : null };
}

async function load() {
  const { people } = await server.people();
  const wanted = Number(new URLSearchParams(location.search).get("user"));
  const user = people.find((person) => person.id === wanted)?.id ?? people[0].id;
  state.load(people, await server.state(user));
  return user;
}

/** Takes a new snapshot; the open chat is drawn anew only when the snapshot differs from it. */
async function reload(user) {
  const snapshot = await server.state(user);
  const before = state.current;
  state.load(state.people, snapshot);
  if (!before) return;
  const same = JSON.stringify(before.messages) === JSON.stringify(state.current?.messages);
  if (!same) state.show(before.id, state.open?.thread ?? null);
}

function act(user) {
  const url = new URL(location.href);
  url.searchParams.set("user", user);
  url.hash = "";
  location.assign(url);
}

/** What came while one looked elsewhere: a toast, a tone and the title when it rings. */
function arrived({ chat, message, own }) {
  if (own || message.silent) return;
  bell.ring();
  if (state.watching(chat.id)) return;
  const sender = senderOf(message);
  const alone = sender?.id === chat.id || chat.type === "private";
  const text = headline(message);
  if (state.open?.chat !== chat.id) {
    toast(text, {
      title: alone ? nameOf(chat) : `${nameOf(sender)} in ${nameOf(chat)}`,
      kind: "ringing",
      chat: chat.id,
      open: () => open(chat.id, message.message_thread_id ?? null, message.message_id),
    });
  }
  title.flash(text);
}

const toTell = new Set();

/** Tells the sandbox what was read, soon and once for many messages. */
function reading(chatId) {
  if (toTell.size === 0) setTimeout(tellRead, PAUSE);
  toTell.add(chatId);
}

function tellRead() {
  for (const chatId of toTell) server.read(state.me.id, chatId).catch(() => {});
  toTell.clear();
}

function open(chatId, thread = null, messageId = null) {
  state.show(chatId, thread);
  settle(chatId);
  const { chat, thread: shown } = state.open;
  const hash = shown === null ? `#${chat}` : `#${chat}/${shown}`;
  if (location.hash !== hash) history.pushState(null, "", hash);
  client.dataset.screen = "chat";
  if (messageId !== null) conversation.timeline.jump(messageId);
  else if (narrow()) document.getElementById("chat-name")?.focus();
  else composer.focus();
}

function back() {
  client.dataset.screen = "list";
  if (narrow()) {
    state.show(null);
    history.pushState(null, "", location.pathname + location.search);
  }
  list.focus();
}

/** The browser's own back and forward. */
function navigated() {
  const target = addressed();
  if (target && state.chat(target.chat)) {
    client.dataset.screen = "chat";
    state.show(target.chat, target.thread);
  } else if (narrow()) {
    client.dataset.screen = "list";
    state.show(null);
  }
}

async function received(event) {
  if (event.type === "commands" || !state.apply(event)) await reload(state.me.id);
  const moved = event.message?.migrate_to_chat_id;
  if (moved && state.open?.chat === event.chat_id && state.chat(moved)) open(moved);
}

/** Each time the stream opens, what happened before it opened is taken from a snapshot. */
function connected(yes) {
  const lost = client.classList.contains("offline");
  client.classList.toggle("offline", !yes);
  if (yes) reload(state.me.id).then(() => { client.dataset.connected = "true"; });
  else if (!lost) announce("The connection to the sandbox was lost.");
}

/** Commands, mentions and Telegram's own links inside messages. */
function clickedInside(event) {
  const { command, mention } = event.target.closest("[data-command], [data-mention]")?.dataset ?? {};
  if (command) actions.send(command);
  if (mention) actions.mention(mention);
  const anchor = event.target.closest("a[href]:not([data-testid=button])");
  if (anchor && actions.isInside(anchor.href)) {
    event.preventDefault();
    actions.follow(anchor.href);
  }
}

const user = await load().catch((error) => {
  client.replaceChildren(element("p", { class: "failure", role: "alert" }, error.message));
  throw error;
});

const composer = new Composer(state, {
  send: (text, replyTo) => actions.send(text, replyTo),
  sendDocument: (document, caption) => actions.sendDocument(document, caption),
  inline: (query, offset) => actions.inline(query, offset),
  choose: (query, id) => actions.choose(query, id),
  start: (payload) => actions.start(payload),
  unblock: () => actions.unblock(),
  leave: () => back(),
  up: () => conversation.timeline.focusLast(),
});

const conversation = new Conversation(document.getElementById("conversation"), state, {
  press: (message, place, button, node) => actions.press(message, place, button, node),
  reply: (message) => composer.reply(message),
  remove: (message) => actions.remove(message),
  older: (chat) => actions.older(chat),
  compose: () => composer.focus(),
  menu: (chat) => actions.menu(chat),
  start: () => actions.start(),
  back,
  topic: (thread, keyboard = false) => {
    open(state.open.chat, thread);
    if (keyboard) document.querySelector('.topic[tabindex="0"]')?.focus();
  },
}, composer);

const list = new ChatList(document.getElementById("sidebar"), state, { choose: open, act, bell });

actions.open = open;
actions.composer = composer;
state.addEventListener("message", ({ detail }) => arrived(detail));
state.addEventListener("read", ({ detail }) => reading(detail.chat));
state.addEventListener("chats", () => { title.unread = state.unread; });
document.getElementById("conversation").addEventListener("click", clickedInside);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  state.read();
  title.seen();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (document.activeElement?.closest(".timeline, .topics, .chat-header")) composer.focus();
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  composer.focus();
});
window.addEventListener("popstate", navigated);

const target = addressed();
if (target && state.chat(target.chat)) {
  state.show(target.chat, target.thread);
  client.dataset.screen = "chat";
} else if (!narrow() && state.privateChat) {
  state.show(state.privateChat.id);
} else {
  conversation.draw();
}
if (!narrow()) composer.focus();
title.unread = state.unread;
server.follow(user, received, connected);
client.dataset.ready = "true";
