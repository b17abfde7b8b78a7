/**
 * Where a person writes: the text field, the reply it belongs to, commands and inline results.
 * Enter sends, Shift+Enter begins a new line, Escape gives up one thing at a time.
 */

import { element, icon, iconButton } from "./elements.js";
import { isOwn, nameOf, senderOf } from "./names.js";
import { summary } from "./service.js";
import { Suggestions } from "./suggestions.js";

const PAUSE = 300;
const LONGEST = 4096;

export class Composer {
  #state;
  #actions;
  #drafts = new Map();
  #place = null;
  #reply = null;
  #timer = null;
  #asked = 0;
  #suggestions;
  #bar = element("div", { class: "reply-bar", hidden: true });
  #refused = element("div", { class: "refused", hidden: true });
  #form;
  field = element("textarea", {
    id: "composer", rows: "1", class: "field", placeholder: "Message", maxlength: LONGEST,
    "aria-label": "Message", "aria-autocomplete": "list", "aria-controls": "suggestions",
    enterkeyhint: "send", autocomplete: "off", dir: "auto", data: { testid: "composer" },
  });
  node = element("footer", { class: "composer" });

  /**
   * `actions`: `send(text, replyTo)`, `sendDocument(document, caption)`, `inline(query, offset)`,
   * `choose(query, id)`, `start(payload)`, `unblock()`, `leave()`, `up()`.
   */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    this.#suggestions = new Suggestions(this.field);
    const commands = iconButton("slash", "Commands", {
      data: { testid: "commands" }, on: { click: () => this.#menu() },
    });
    const send = iconButton("send", "Send", {
      class: "send", data: { testid: "send" }, on: { click: () => this.#send() },
    });
    this.#form = element("div", { class: "composer-row" }, commands, this.field, this.#attach(), send);
    this.node.append(this.#suggestions.node, this.#bar, this.#form, this.#refused);
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("blur", () => setTimeout(() => this.#left(), 150));
  }

  /** Shows the composer of a chat (each chat and topic keeps its own draft). */
  draw(chat) {
    const place = `${chat.id}/${this.#state.open.thread}`;
    if (this.#place !== null && this.#place !== place) {
      this.#drafts.set(this.#place, this.field.value);
      this.reply(null);
    }
    if (this.#place !== place) this.field.value = this.#drafts.get(place) ?? "";
    this.#place = place;
    const topic = chat.topics.find((each) => each.message_thread_id === this.#state.open.thread);
    const allowed = chat.can_post !== false && !topic?.closed;
    this.#form.hidden = !allowed;
    this.#refused.hidden = allowed;
    if (!allowed) this.#refused.replaceChildren(...this.#reason(chat, topic));
    this.field.placeholder = chat.type === "channel" ? "Post to the channel" : "Message";
    this.#suggestions.hide();
    this.#grow();
  }

  /** Why one cannot write here, in words. */
  #reason(chat, topic) {
    if (topic?.closed) return ["This topic is closed"];
    if (chat.type === "channel") return ["Only administrators write in this channel"];
    if (chat.type !== "private") return ["You may not write in this group"];
    const unblock = element("button", {
      type: "button", class: "unblock", on: { click: () => this.#actions.unblock() },
    }, "Unblock");
    return ["You have blocked the bot", unblock];
  }

  focus() {
    if (!this.#form.hidden) this.field.focus();
  }

  /** Begins an answer to a message, or gives it up with null. */
  reply(message) {
    this.#reply = message;
    this.#bar.hidden = !message;
    if (!message) return;
    const sender = isOwn(message, this.#state.me) ? "yourself" : nameOf(senderOf(message));
    this.#bar.replaceChildren(
      icon("reply"),
      element(
        "div",
        { class: "reply-words" },
        element("span", { class: "reply-name" }, `Reply to ${sender}`),
        element("span", { class: "reply-text", dir: "auto" }, summary(message)),
      ),
      iconButton("close", "Do not reply", { on: { click: () => { this.reply(null); this.focus(); } } }),
    );
    this.focus();
  }

  /** Puts a text into the field, ready to be sent or completed. */
  write(text) {
    this.field.value = text;
    this.focus();
    this.field.setSelectionRange(text.length, text.length);
    this.#typed();
  }

  async #send() {
    const text = this.field.value;
    if (!text.trim()) return this.focus();
    const reply = this.#reply;
    this.#clear();
    this.focus();
    if (!(await this.#actions.send(text, reply?.message_id))) {
      // Refused: what was written comes back.
      if (!this.field.value) this.write(text);
      if (reply) this.reply(reply);
    }
    return undefined;
  }

  /** A button that sends a text file (a feed list, for example), with what was written as caption. */
  #attach() {
    const input = element("input", { type: "file", hidden: true, data: { testid: "file" } });
    input.addEventListener("change", async () => {
      const [file] = input.files;
      input.value = "";
      if (!file) return;
      const document = { file_name: file.name, mime_type: file.type, content: await file.text() };
      const caption = this.field.value;
      this.#clear();
      this.focus();
      await this.#actions.sendDocument(document, caption);
    });
    const button = iconButton("clip", "Send a text file", { on: { click: () => input.click() } });
    return [button, input];
  }

  #clear() {
    this.field.value = "";
    this.#drafts.delete(this.#place);
    this.reply(null);
    this.#suggestions.hide();
    this.#grow();
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.#suggestions.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.#reply) this.reply(null);
      else this.#actions.leave();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      event.preventDefault();
      this.#actions.up();
    }
  }

  #left() {
    if (document.activeElement !== this.field && !this.node.contains(document.activeElement)) {
      this.#suggestions.hide();
    }
  }

  #grow() {
    this.field.style.height = "auto";
    if (this.field.scrollHeight) this.field.style.height = `${Math.min(this.field.scrollHeight, 200)}px`;
  }

  #typed() {
    this.#grow();
    clearTimeout(this.#timer);
    this.#asked += 1;
    const text = this.field.value;
    const query = this.#inlineQuery(text);
    if (query !== null) {
      this.#timer = setTimeout(() => this.#ask(query), PAUSE);
    } else if (/^\/\w*$/.test(text)) {
      this.#suggestCommands(text.slice(1).toLowerCase());
    } else {
      this.#suggestions.hide();
    }
  }

  #suggestCommands(begun) {
    const known = this.#state.commands(this.#state.open.chat);
    const items = known.filter(({ command }) => command.startsWith(begun)).map(({ command, description }) => ({
      title: `/${command}`, description, value: command, compact: true,
    }));
    const take = (command, complete) => {
      if (complete) this.write(`/${command} `);
      else this.#command(command);
    };
    const note = begun || items.length ? "" : "The bot has no commands here yet";
    this.#suggestions.show(items, take, { label: "Commands", note });
  }

  #command(command) {
    this.#clear();
    this.focus();
    const address = this.#state.current.type === "private" ? "" : `@${this.#state.bot.username}`;
    this.#actions.send(`/${command}${address}`);
  }

  #menu() {
    if (this.#suggestions.open) {
      this.#suggestions.hide();
      return;
    }
    this.focus();
    if (!this.field.value) this.field.value = "/";
    this.#suggestCommands("");
  }

  /** The words after `@bot `, or null when the text is no inline query. */
  #inlineQuery(text) {
    const name = `@${this.#state.bot.username} `.toLowerCase();
    return text.toLowerCase().startsWith(name) ? text.slice(name.length) : null;
  }

  async #ask(query, offset = "") {
    const asked = this.#asked;
    if (!offset) this.#suggestions.show([], null, { note: "Asking…" });
    const answer = await this.#actions.inline(query, offset);
    if (asked !== this.#asked || !answer) return;
    const items = answer.results.map(inlineItem);
    // The bot's own button over the results leads to its private chat.
    if (answer.button && !offset) items.unshift({ title: answer.button.text, value: answer.button });
    const take = async (value) => {
      this.#clear();
      this.focus();
      if (typeof value === "string") await this.#actions.choose(query, value);
      else await this.#actions.start(value.start_parameter);
    };
    if (offset) this.#suggestions.extend(items);
    else {
      const note = items.length ? "" : "Nothing found";
      this.#suggestions.show(items, take, { label: "Results", note, mark: answer.button ? 1 : 0 });
    }
    this.#suggestions.reachedEnd = answer.next_offset ? () => {
      this.#suggestions.reachedEnd = null;
      this.#ask(query, answer.next_offset);
    } : null;
  }
}

function inlineItem(result) {
  const content = result.input_message_content?.message_text ?? "";
  return {
    title: result.title ?? content.slice(0, 80) ?? result.type,
    description: result.description ?? "",
    picture: result.thumbnail_url ?? null,
    value: result.id,
  };
}
