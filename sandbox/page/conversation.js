/**
 * The right side: the open chat's header, its topics as tabs, the timeline, and what stands
 * there when nothing is open or nothing was said yet.
 */

import { element, icon, iconButton } from "./elements.js";
import { avatar, kindOf, nameOf, roleOf } from "./names.js";
import { Timeline } from "./timeline.js";

const TYPING = 5000;

export class Conversation {
  #root;
  #state;
  #actions;
  #composer;
  #subtitle = element("p", { class: "chat-subtitle" });
  #topics = element("div", { class: "topics", role: "tablist", "aria-label": "Topics" });
  #typing = null;
  timeline;

  /** `actions` is what the timeline needs and `back()`, `start()`, `menu(chat, node)`, `topic(thread)`. */
  constructor(root, state, actions, composer) {
    this.#root = root;
    this.#state = state;
    this.#actions = actions;
    this.#composer = composer;
    this.timeline = new Timeline(state, actions);
    this.#topics.addEventListener("keydown", (event) => this.#moveTopic(event));
    state.addEventListener("open", ({ detail }) => this.draw(detail.unread));
    state.addEventListener("typing", ({ detail }) => this.#showTyping(detail.chat));
    state.addEventListener("chats", ({ detail }) => this.#refresh(detail));
    state.addEventListener("message", ({ detail }) => this.#firstMessage(detail));
  }

  draw(unread = 0) {
    const chat = this.#state.current;
    clearTimeout(this.#typing);
    if (!chat) {
      this.#root.replaceChildren(nothingOpen());
      return;
    }
    this.#root.replaceChildren(this.#header(chat));
    if (chat.is_forum && chat.topics.length > 0) {
      this.#drawTopics(chat);
      this.#root.append(this.#topics);
    }
    this.#root.append(this.timeline.node);
    this.timeline.draw(unread);
    if (chat.messages.length === 0) this.timeline.node.append(this.#welcome(chat));
    this.#root.append(this.#composer.node);
    this.#composer.draw(chat);
    this.#drawSubtitle();
  }

  #header(chat) {
    const more = iconButton("more", "What can be done in this chat", {
      "aria-haspopup": "dialog",
      data: { testid: "chat-menu" },
      on: { click: () => this.#actions.menu(chat) },
    });
    return element(
      "header",
      { class: "chat-header" },
      iconButton("back", "Back to the chats", {
        class: "back", data: { testid: "back" }, on: { click: () => this.#actions.back() },
      }),
      avatar(chat.face, nameOf(chat)),
      element(
        "div",
        { class: "chat-heading" },
        element(
          "h2", { tabindex: "-1", id: "chat-name", dir: "auto", data: { testid: "chat-name" } }, nameOf(chat),
        ),
        this.#subtitle,
      ),
      more,
    );
  }

  #drawSubtitle(typing = false) {
    const chat = this.#state.current;
    if (!chat) return;
    this.#subtitle.classList.toggle("typing", typing);
    const kind = kindOf(chat).word;
    const address = chat.username ? ` · @${chat.username}` : "";
    const members = chat.members && chat.type !== "private" ? ` · ${chat.members} members` : "";
    const usual = chat.type === "private"
      ? `bot · @${this.#state.bot.username}` : `${kind}${address}${members} · you are ${roleOf(chat)}`;
    this.#subtitle.textContent = typing ? `${this.#state.bot.first_name} is typing…` : usual;
  }

  #showTyping(chatId) {
    if (this.#state.open?.chat !== chatId) return;
    clearTimeout(this.#typing);
    this.#drawSubtitle(true);
    this.#typing = setTimeout(() => this.#drawSubtitle(), TYPING);
  }

  #firstMessage({ chat, own }) {
    if (this.#state.open?.chat !== chat.id) return;
    this.#root.querySelector(".welcome")?.remove();
    if (!own) {
      clearTimeout(this.#typing);
      this.#drawSubtitle();
    }
  }

  /** The chat itself changed (a role, a topic), or only its unread counts. */
  #refresh({ changed }) {
    const chat = this.#state.current;
    if (!chat) {
      if (this.#root.querySelector(".chat-header")) this.draw();
    } else if (changed === chat.id) {
      const typed = document.activeElement === this.#composer.field;
      this.draw();
      if (typed) this.#composer.focus();
    } else if (chat.is_forum) {
      this.#drawTopics(chat);
    }
  }

  #drawTopics(chat) {
    const had = this.#topics.contains(document.activeElement);
    this.#topics.replaceChildren(...chat.topics.map((topic) => {
      const { message_thread_id: thread, name, closed } = topic;
      const open = thread === this.#state.open.thread;
      const unread = chat.unreadTopics.get(thread) ?? 0;
      return element(
        "button",
        {
          type: "button", role: "tab", class: "topic",
          "aria-selected": String(open), tabindex: open ? "0" : "-1",
          data: { testid: `topic-${thread}`, thread },
          on: { click: () => this.#actions.topic(thread) },
        },
        element("span", { dir: "auto" }, name),
        closed && element("span", { class: "topic-closed" }, "closed"),
        unread > 0 && element(
          "span", { class: "unread" }, String(unread), element("span", { class: "hidden" }, " unread"),
        ),
      );
    }));
    if (had) this.#topics.querySelector('[tabindex="0"]')?.focus();
  }

  #moveTopic(event) {
    const tabs = [...this.#topics.children];
    const here = tabs.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || here < 0) return;
    event.preventDefault();
    const target = tabs[(here + step + tabs.length) % tabs.length];
    this.#actions.topic(Number(target.dataset.thread), true);
    this.#topics.querySelector('[tabindex="0"]')?.focus();
  }

  #welcome(chat) {
    if (chat.type !== "private") {
      return element("div", { class: "welcome" }, element("span", { class: "pill" }, "No messages here yet"));
    }
    const { bot } = this.#state;
    return element(
      "div",
      { class: "welcome" },
      element(
        "div",
        { class: "welcome-card" },
        avatar(bot.id, bot.first_name, "huge"),
        element("h3", {}, bot.first_name),
        element("p", {}, bot.description || "A news wire in your chat: every story once, breaking first."),
        element(
          "button",
          {
            type: "button", class: "start", data: { testid: "start" },
            on: { click: () => this.#actions.start() },
          },
          "Start",
        ),
        element("p", { class: "small" }, "A bot may not write first: pressing Start sends /start."),
      ),
    );
  }
}

function nothingOpen() {
  return element(
    "div",
    { class: "nothing" },
    element("span", { class: "nothing-sign" }, icon("forum")),
    element("p", {}, "Choose a chat to read it"),
  );
}
