/**
 * The left column: who acts, sound on or off, and the list of chats.
 * The list has one tab stop; arrow keys, Home and End move within it, Enter opens.
 */

import * as clock from "./clock.js";
import { element, icon, iconButton } from "./elements.js";
import { avatar, isOwn, kindOf, nameOf, roleOf, senderOf } from "./names.js";
import { serviceSentence, summary } from "./service.js";

export class ChatList {
  #state;
  #list = element("ul", { class: "chat-list", "aria-label": "Chats" });
  #focused = null;
  #choose;

  /** `choose(chatId)` opens a chat; `act(userId)` changes the acting person. */
  constructor(root, state, { choose, act, bell }) {
    this.#state = state;
    this.#choose = choose;
    root.append(this.#header(act, bell), this.#list);
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    state.addEventListener("chats", () => this.draw());
    state.addEventListener("open", () => this.draw());
    this.draw();
  }

  #header(act, bell) {
    const { me, people } = this.#state;
    const select = element(
      "select",
      {
        id: "person",
        data: { testid: "person" },
        on: { change: (event) => act(Number(event.target.value)) },
      },
      ...people.map((person) => element(
        "option", { value: person.id, selected: person.id === me.id }, nameOf(person),
      )),
    );
    return element(
      "header",
      { class: "sidebar-header" },
      element(
        "h1", { class: "brand" }, element("span", { class: "brand-sign", "aria-hidden": "true" }), "Newsflash",
      ),
      element("span", { class: "chip" }, "sandbox"),
      soundToggle(bell),
      element(
        "div",
        { class: "person" },
        avatar(me.id, nameOf(me), "small"),
        element("label", { for: "person" }, "Acting as"),
        select,
        icon("down"),
      ),
    );
  }

  draw() {
    const chats = this.#state.sorted;
    const had = this.#list.contains(document.activeElement);
    if (!chats.some((chat) => chat.id === this.#focused)) {
      this.#focused = this.#state.open?.chat ?? chats[0]?.id ?? null;
    }
    this.#list.replaceChildren(...chats.map((chat) => this.#item(chat)));
    if (had) this.focus();
  }

  /** Puts the keyboard's focus on the list's current chat. */
  focus() {
    const wanted = this.#list.querySelector('[tabindex="0"]') ?? this.#list.querySelector("button");
    wanted?.focus();
  }

  #item(chat) {
    const last = chat.messages.at(-1);
    const open = this.#state.open?.chat === chat.id;
    const kind = kindOf(chat);
    const button = element(
      "button",
      {
        type: "button",
        class: "chat",
        tabindex: chat.id === this.#focused ? "0" : "-1",
        "aria-current": open ? "true" : false,
        data: { testid: `chat-${chat.id}`, chat: chat.id },
        on: { click: () => this.#open(chat.id) },
      },
      avatar(chat.face, nameOf(chat)),
      element(
        "span",
        { class: "chat-top" },
        icon(kind.icon),
        element("span", { class: "hidden" }, `${kind.word} `),
        element("span", { class: "chat-title", dir: "auto" }, nameOf(chat)),
        element("span", { class: `role role-${chat.role ?? ""}` }, roleOf(chat)),
        last && element("time", { class: "chat-time" }, clock.brief(last.date)),
      ),
      element(
        "span",
        { class: "chat-bottom" },
        this.#lastLine(chat, last),
        chat.unread > 0 && element(
          "span",
          { class: "unread", data: { testid: "unread" } },
          chat.unread > 999 ? "999+" : String(chat.unread),
          element("span", { class: "hidden" }, " unread"),
        ),
      ),
    );
    return element("li", {}, button);
  }

  #lastLine(chat, last) {
    if (!last) return element("span", { class: "chat-last empty" }, "No messages yet");
    const own = isOwn(last, this.#state.me);
    const crowd = chat.type === "group" || chat.type === "supergroup";
    const author = serviceSentence(last) ? null : own ? "You" : crowd ? nameOf(senderOf(last)) : null;
    return element(
      "span",
      { class: "chat-last" },
      author && element("span", { class: "chat-author" }, `${author}: `),
      element("bdi", {}, summary(last).slice(0, 200)),
    );
  }

  #open(chatId) {
    this.#focused = chatId;
    this.#choose(chatId);
  }

  #move(event) {
    const buttons = [...this.#list.querySelectorAll("button.chat")];
    const here = buttons.indexOf(document.activeElement);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 };
    const target = buttons[Math.max(0, Math.min(buttons.length - 1, steps[event.key]))];
    if (!target) return;
    event.preventDefault();
    this.#focused = Number(target.dataset.chat);
    for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
    target.focus();
  }
}

function soundToggle(bell) {
  const node = iconButton("speaker", "Sound for new messages", { data: { testid: "sound-toggle" } });
  const draw = () => {
    node.setAttribute("aria-pressed", String(bell.on));
    node.title = bell.on ? "Sound is on" : "Sound is off";
    node.replaceChildren(icon(bell.on ? "speaker" : "speakerOff"));
  };
  node.addEventListener("click", () => {
    bell.toggle();
    draw();
  });
  draw();
  return node;
}
