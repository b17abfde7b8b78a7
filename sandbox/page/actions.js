/**
 * What a person does, from press to effect: sending, pressing buttons, following links.
 * Between the parts that show things and the server; says every refusal in a toast.
 */

import { meaning } from "./links.js";
import { nameOf } from "./names.js";
import * as notices from "./notices.js";
import * as server from "./server.js";
import { summary } from "./service.js";
import { GENERAL } from "./state.js";

const PAGE = 50;

/** The topic that a request names: General is the forum itself, a message there has no thread. */
const topicToName = (thread) => (thread === GENERAL || thread === null ? undefined : thread);

export class Actions {
  #state;
  /** Set by the composition: `open(chatId, thread, messageId)`, `composer`. */
  open = null;
  composer = null;

  constructor(state) {
    this.#state = state;
  }

  get #user() {
    return this.#state.me.id;
  }

  /** Runs a request; a refusal becomes a toast and the answer null. */
  async #tried(promise) {
    try {
      return await promise;
    } catch (error) {
      if (!(error instanceof server.Refusal)) throw error;
      notices.toast(error.message, { kind: "error" });
      return null;
    }
  }

  /** Sends a text to the open chat (or another). True when it was accepted. */
  async send(text, replyTo, chatId = this.#state.open.chat) {
    const thread = this.#state.open?.chat === chatId ? this.#state.open.thread : null;
    const options = { thread: topicToName(thread), reply_to: replyTo };
    this.#state.sending.add(chatId);
    const answer = await this.#tried(server.send(this.#user, chatId, text, options));
    this.#state.sending.delete(chatId);
    if (answer?.message) this.#state.add(chatId, answer.message);
    return answer !== null;
  }

  /** Sends a text file `{file_name, mime_type, content}` to the open chat. */
  async sendDocument(document, caption) {
    const { chat, thread } = this.#state.open;
    const topic = topicToName(thread);
    const answer = await this.#tried(server.sendDocument(this.#user, chat, document, caption, topic));
    if (answer?.message) this.#state.add(chat, answer.message);
  }

  async older(chat) {
    const before = chat.messages[0]?.message_id;
    if (before === undefined) return;
    const answer = await this.#tried(server.older(this.#user, chat.id, before, PAGE));
    if (answer) this.#state.prepend(chat.id, answer.messages, answer.messages.length < PAGE);
    else chat.complete = true;
  }

  async start(payload) {
    const answer = await this.#tried(server.start(this.#user, payload || undefined));
    if (!answer) return;
    if (answer.message) this.#state.add(answer.message.chat.id, answer.message);
    const chat = this.#state.privateChat;
    if (chat) this.open(chat.id);
  }

  inline(query, offset) {
    return this.#tried(server.inline(this.#user, this.#state.open.chat, query, offset));
  }

  async choose(query, id) {
    const { chat, thread } = this.#state.open;
    const answer = await this.#tried(server.choose(this.#user, chat, query, id, topicToName(thread)));
    if (answer?.message) this.#state.add(chat, answer.message);
  }

  /** A press on an inline button: a link and a copy act here, the rest asks the bot. */
  async press(message, place, button, node) {
    if (button.url) {
      this.follow(button.url);
      return;
    }
    if (button.copy_text) {
      await navigator.clipboard?.writeText(button.copy_text.text);
      notices.toast("Copied");
      return;
    }
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    const chatId = message.chat.id;
    const answer = await this.#tried(
      server.press(this.#user, chatId, message.message_id, place.row, place.column),
    );
    node.removeAttribute("aria-busy");
    if (answer) await this.#pressed(answer, button);
  }

  async #pressed({ answer, open_url: address, switch_inline: inline }, button) {
    if (answer === null && button.callback_data !== undefined) {
      notices.toast("The bot did not answer in time.");
    }
    if (answer?.text && answer.show_alert) await notices.alertDialog(answer.text, this.#state.bot.first_name);
    else if (answer?.text) notices.toast(answer.text);
    if (address || answer?.url) this.follow(address ?? answer.url);
    if (inline) await this.#shareInline(inline);
  }

  async #shareInline({ query, current_chat: here }) {
    if (!here) {
      const chatId = await this.chooseChat("Share in which chat?");
      if (chatId === null) return;
      this.open(chatId);
    }
    this.composer.write(`@${this.#state.bot.username} ${query}`);
  }

  /** Asks for one of the chats one may write in; null when none was chosen. */
  chooseChat(title, kinds = ["private", "group", "supergroup", "channel"]) {
    const chats = this.#state.sorted.filter((chat) => chat.can_post !== false && kinds.includes(chat.type));
    const choices = chats.map((chat) => ({ label: nameOf(chat), value: chat.id }));
    return notices.ask({ title, choices, testid: "choose-chat" });
  }

  /** Follows a link: Telegram's own within the client, all others in a new window. */
  follow(address) {
    const target = meaning(address, this.#state.bot.username);
    switch (target.kind) {
      case "start":
        return this.#startOrOpen(target.payload);
      case "startgroup":
        return this.#startInGroup(target.payload);
      case "share":
        return this.#share(target.text);
      case "chat":
        return this.#show(this.#state.chat(target.chatId), target.messageId);
      case "username":
        return this.#show(this.#state.byUsername(target.username), target.messageId);
      default:
        return window.open(target.url, "_blank", "noopener,noreferrer");
    }
  }

  /** True when a link is one of Telegram's own, which `follow` handles here. */
  isInside(address) {
    return meaning(address, this.#state.bot.username).kind !== "outside";
  }

  /** `@name` in a text: the bot's private chat or a chat with that address. */
  mention(name) {
    return this.follow(`https://t.me/${name.replace(/^@/, "")}`);
  }

  #startOrOpen(payload) {
    const chat = this.#state.privateChat;
    if (payload !== null || !chat) return this.start(payload);
    return this.open(chat.id);
  }

  async #startInGroup(payload) {
    const chatId = await this.chooseChat("Add the bot to which group?", ["group", "supergroup"]);
    if (chatId === null) return;
    this.open(chatId);
    await this.#tried(server.member(this.#user, chatId, "bot", "member"));
    await this.send(`/start@${this.#state.bot.username} ${payload}`.trim(), undefined, chatId);
  }

  async #share(text) {
    const chatId = await this.chooseChat("Share in which chat?");
    if (chatId === null) return;
    this.open(chatId);
    this.composer.write(text);
  }

  #show(chat, messageId) {
    if (chat) return this.open(chat.id, null, messageId);
    return notices.toast("This sandbox has no such chat.", { kind: "error" });
  }

  /** Lets the bot write again after it was blocked. */
  unblock() {
    return this.#tried(server.block(this.#user, false));
  }

  /** Deletes a message for everybody, after asking. */
  async remove(message) {
    const choices = [{ label: "Delete for everybody", value: true, kind: "danger" }];
    const text = summary(message).slice(0, 120);
    if (!(await notices.ask({ title: "Delete this message?", text, choices }))) return;
    await this.#tried(server.remove(this.#user, message.chat.id, message.message_id));
  }

  /** What a person can do to a chat besides writing in it. */
  async menu(chat) {
    const choice = await notices.ask({ title: nameOf(chat), choices: possibilities(chat), testid: "chat-actions" });
    if (choice === null) return;
    const done = await this.#tried(choice(this.#user, chat));
    if (done) notices.toast("Done");
  }
}

/** The menu of a chat by its type: each value is a request to make. */
function possibilities(chat) {
  if (chat.type === "private") {
    const blocked = chat.can_post === false;
    return [{
      label: blocked ? "Unblock the bot" : "Block the bot",
      kind: blocked ? "" : "danger",
      value: (user) => server.block(user, !blocked),
    }];
  }
  const become = (status) => (user, { id }) => server.member(user, id, "bot", status);
  const choices = [
    { label: "Make the bot an administrator", value: become("administrator") },
    { label: "Make the bot an ordinary member", value: become("member") },
    { label: "Remove the bot", value: become("kicked"), kind: "danger" },
  ];
  if (chat.type === "group") {
    const migrate = (_, { id }) => server.migrate(id);
    choices.push({ label: "Turn this group into a supergroup", value: migrate });
  }
  return choices;
}
