/**
 * The scrolling log of the open chat (in a forum: of the open topic): it adds, replaces and
 * removes single messages, keeps the reader's place and asks for older ones at the top.
 */

import { element, icon } from "./elements.js";
import { entry } from "./message.js";

const NEAR = 90;
const TOP = 300;
const SHOWN = 500;
const HIGHLIGHT = 2400;

export class Timeline {
  #state;
  #actions;
  #log = null;
  #entries = null;
  #newer;
  #missed = 0;
  #loading = false;
  #stuck = true;
  #sizes = new ResizeObserver(() => this.#resized());
  node = element("div", { class: "timeline-frame" });

  /**
   * `actions` has `press(message, place, button, node)`, `reply(message)`, `remove(message)`,
   * `older(chat)` and `compose()`.
   */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    this.#newer = element(
      "button",
      { type: "button", class: "newer", hidden: true, on: { click: () => this.toEnd(true) } },
      icon("down"),
    );
    state.addEventListener("message", ({ detail }) => detail.visible && this.#add(detail));
    state.addEventListener("edited", ({ detail }) => detail.visible && this.#replace(detail));
    state.addEventListener("deleted", ({ detail }) => this.#remove(detail));
    state.addEventListener("older", ({ detail }) => this.#isOpen(detail.chat) && this.#prepend());
  }

  #isOpen(chat) {
    return this.#state.open?.chat === chat.id;
  }

  /** Shows the open chat from scratch; a new log element, so that its past is not announced. */
  draw(unread = 0) {
    this.#entries = element("div", { class: "entries" });
    this.#log = element("div", {
      class: "timeline", role: "log", "aria-live": "polite", "aria-relevant": "additions",
      "aria-label": "Messages", tabindex: "0", on: { scroll: () => this.#scrolled() },
    }, this.#entries);
    this.#log.addEventListener("keydown", (event) => this.#move(event));
    const messages = this.#state.visible;
    const firstUnread = unread > 0 && unread < messages.length ? messages.length - unread : -1;
    messages.forEach((message, place) => {
      if (place === firstUnread) this.#entries.append(unreadLine());
      this.#entries.append(this.#entry(message, messages[place - 1]));
    });
    this.node.replaceChildren(this.#log, this.#newer);
    this.#missed = 0;
    this.#sizes.disconnect();
    this.#sizes.observe(this.#log);
    this.#sizes.observe(this.#entries);
    this.toEnd();
    if (this.#log.scrollHeight <= this.#log.clientHeight) this.#loadOlder();
  }

  /** Pictures, quotes and the composer change heights: who was at the end stays there. */
  #resized() {
    if (this.#stuck) this.toEnd();
  }

  #entry(message, previous) {
    return entry(message, {
      me: this.#state.me,
      chat: this.#state.current,
      previous,
      press: this.#actions.press,
      reply: this.#actions.reply,
      remove: this.#actions.remove,
      jump: (messageId) => this.jump(messageId),
    });
  }

  #find(messageId) {
    return this.#log?.querySelector(`[data-entry="${messageId}"]`) ?? null;
  }

  get #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Scrolls to the newest message. */
  toEnd(smooth = false) {
    this.#log.scrollTo({ top: this.#log.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    if (!smooth) this.#scrolled();
  }

  #add({ message, own }) {
    const follow = own || this.#stuck;
    const messages = this.#state.visible;
    const place = messages.findIndex((known) => known.message_id === message.message_id);
    const node = this.#entry(message, messages[place - 1]);
    node.classList.add("arriving");
    const next = messages[place + 1];
    this.#entries.insertBefore(node, next ? this.#find(next.message_id) : null);
    if (follow) this.#forget();
    if (follow) this.toEnd();
    else this.#missed += 1;
    this.#showNewer();
  }

  /** A long watch must not fill the page: who is at the end can load older ones again. */
  #forget() {
    while (this.#entries.childElementCount > SHOWN) this.#entries.firstElementChild.remove();
  }

  #replace({ message, told }) {
    const old = this.#find(message.message_id);
    if (!old) return;
    const focused = focusWithin(old);
    const messages = this.#state.visible;
    const place = messages.findIndex((known) => known.message_id === message.message_id);
    const node = this.#entry(message, messages[place - 1]);
    old.replaceWith(node);
    if (told) {
      node.classList.add("changed");
      setTimeout(() => node.classList.remove("changed"), HIGHLIGHT);
    }
    if (focused) (node.querySelector(focused) ?? node.querySelector("[data-id]"))?.focus({ preventScroll: true });
    if (this.#stuck) this.toEnd();
  }

  #remove({ chat, messageId }) {
    if (!this.#isOpen(chat)) return;
    const old = this.#find(messageId);
    const following = old?.nextElementSibling?.dataset.entry;
    old?.remove();
    if (following) this.#redraw(Number(following));
  }

  /** Draws one message anew, because what stands before it has changed. */
  #redraw(messageId) {
    const messages = this.#state.visible;
    const place = messages.findIndex((known) => known.message_id === messageId);
    const node = place >= 0 && this.#find(messageId);
    if (node) node.replaceWith(this.#entry(messages[place], messages[place - 1]));
  }

  #prepend() {
    this.#loading = false;
    const log = this.#log;
    const first = log.querySelector("[data-entry]");
    const messages = this.#state.visible;
    const limit = first ? Number(first.dataset.entry) : Infinity;
    const nodes = messages
      .filter((message) => message.message_id < limit)
      .map((message, place) => this.#entry(message, messages[place - 1]));
    const fromEnd = log.scrollHeight - log.scrollTop;
    // Old messages are no news: they must not be read out.
    log.setAttribute("aria-live", "off");
    this.#entries.prepend(...nodes);
    if (first) this.#redraw(Number(first.dataset.entry));
    log.scrollTop = log.scrollHeight - fromEnd;
    requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
    if (log.scrollHeight <= log.clientHeight) this.#loadOlder();
  }

  async #loadOlder() {
    const chat = this.#state.current;
    if (!chat || chat.complete || this.#loading) return;
    this.#loading = true;
    this.#log.setAttribute("aria-busy", "true");
    await this.#actions.older(chat);
    this.#loading = false;
    this.#log.removeAttribute("aria-busy");
  }

  #scrolled() {
    this.#stuck = this.#atEnd;
    if (this.#stuck) this.#missed = 0;
    if (this.#log.scrollTop < TOP) this.#loadOlder();
    this.#showNewer();
  }

  #showNewer() {
    const count = this.#missed;
    this.#newer.hidden = this.#atEnd;
    const words = count ? `Go to ${count} new messages` : "Go to the newest message";
    const badge = count ? [element("span", { class: "unread" }, String(count))] : [];
    this.#newer.setAttribute("aria-label", words);
    this.#newer.replaceChildren(icon("down"), ...badge);
  }

  /** Goes to a message and marks it for a moment; nothing happens when it is not loaded. */
  jump(messageId) {
    const node = this.#find(messageId);
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.querySelector("[data-id]")?.focus({ preventScroll: true });
    node.classList.add("changed");
    setTimeout(() => node.classList.remove("changed"), HIGHLIGHT);
  }

  /** Puts the keyboard's focus on the newest message. */
  focusLast() {
    [...this.#log.querySelectorAll("[data-id]")].at(-1)?.focus();
  }

  #move(event) {
    const here = document.activeElement?.closest("[data-id]");
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...this.#log.querySelectorAll("[data-id]")];
    const place = all.indexOf(here);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const target = all[place + (event.key === "ArrowUp" ? -1 : 1)];
      event.preventDefault();
      if (target) target.focus();
      else if (event.key === "ArrowDown") this.#actions.compose();
      return;
    }
    const then = { r: this.#actions.reply, R: this.#actions.reply, Delete: this.#actions.remove }[event.key];
    const message = this.#state.message(this.#state.open.chat, Number(here.dataset.id));
    if (!then || !message) return;
    event.preventDefault();
    then(message);
  }
}

function unreadLine() {
  return element("div", { class: "unread-line" }, element("span", {}, "New messages"));
}

/** A selector for the focused part of a message, to find it again in the message's next version. */
function focusWithin(node) {
  const focused = document.activeElement;
  if (!node.contains(focused)) return null;
  const { row, column } = focused.dataset;
  return row === undefined ? "[data-id]" : `[data-row="${row}"][data-column="${column}"]`;
}
