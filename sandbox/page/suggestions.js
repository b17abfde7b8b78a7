/**
 * The list over the composer: commands while one types `/`, inline results after `@bot `.
 * Keyboard: arrows move, Enter takes what is marked, Tab takes the first, Escape closes.
 */

import { element } from "./elements.js";
import { safeAddress } from "./entities.js";

export class Suggestions {
  #items = [];
  #marked = -1;
  #take = null;
  #field;
  #list = element("div", { class: "suggestion-list", role: "listbox", id: "suggestions" });
  #note = element("p", { class: "suggestion-note" });
  node = element("div", { class: "suggestions", hidden: true }, this.#note, this.#list);
  /** Called when the end of the list was scrolled into view. */
  reachedEnd = null;

  /** `field` is the text field whose `aria-activedescendant` follows the marked item. */
  constructor(field) {
    this.#field = field;
    this.#list.addEventListener("scroll", () => {
      const rest = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight;
      if (rest < 60) this.reachedEnd?.();
    });
  }

  get open() {
    return !this.node.hidden;
  }

  /**
   * Shows items `{title, description, picture, compact, value}`; `take(value, complete)` is called
   * with the chosen one (`complete` is true when it was taken by Tab). `note` stands above.
   */
  show(items, take, { note = "", label, mark = -1 } = {}) {
    this.#items = items;
    this.#take = take;
    this.#note.textContent = note;
    this.#note.hidden = !note;
    this.#list.setAttribute("aria-label", label ?? "Suggestions");
    this.#list.replaceChildren(...items.map((item, place) => this.#option(item, place)));
    this.node.hidden = items.length === 0 && !note;
    this.#mark(Math.min(mark, items.length - 1));
  }

  /** Adds items to the end of those shown. */
  extend(items) {
    const from = this.#items.length;
    this.#items = [...this.#items, ...items];
    this.#list.append(...items.map((item, place) => this.#option(item, from + place)));
  }

  hide() {
    this.#items = [];
    this.node.hidden = true;
    this.reachedEnd = null;
    this.#mark(-1);
  }

  #option(item, place) {
    const picture = item.picture ? safeAddress(new URL(item.picture, document.baseURI).href) : null;
    const image = picture && element("img", {
      class: "suggestion-picture", src: picture, alt: "", loading: "lazy",
    });
    image?.addEventListener("error", () => image.remove());
    return element(
      "div",
      {
        class: item.compact ? "suggestion compact" : "suggestion",
        role: "option", id: `suggestion-${place}`, "aria-selected": "false",
        data: { testid: "suggestion" },
        on: {
          // The text field keeps the focus.
          mousedown: (event) => event.preventDefault(),
          click: () => this.#take(item.value, false),
          pointermove: () => this.#mark(place, false),
        },
      },
      image,
      element(
        "span",
        { class: "suggestion-words" },
        element("span", { class: "suggestion-title", dir: "auto" }, item.title),
        item.description && element(
          "span", { class: "suggestion-description", dir: "auto" }, item.description,
        ),
      ),
    );
  }

  #mark(place, scroll = true) {
    this.#marked = place;
    [...this.#list.children].forEach((node, number) => {
      node.setAttribute("aria-selected", String(number === place));
      if (number === place && scroll) node.scrollIntoView({ block: "nearest" });
    });
    if (place >= 0) this.#field.setAttribute("aria-activedescendant", `suggestion-${place}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  /** Handles a key of the text field; true when it was used here. */
  key(event) {
    if (!this.open) return false;
    const count = this.#items.length;
    if (event.key === "Escape") {
      this.hide();
      return true;
    }
    if (count === 0) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this.#marked < 0 && step < 0 ? count : this.#marked;
      this.#mark((from + step + count) % count);
      if (this.#marked === count - 1) this.reachedEnd?.();
      return true;
    }
    if (event.key === "Tab" && !event.shiftKey) {
      this.#take(this.#items[Math.max(0, this.#marked)].value, true);
      return true;
    }
    if (event.key === "Enter" && !event.shiftKey && this.#marked >= 0) {
      this.#take(this.#items[this.#marked].value, false);
      return true;
    }
    return false;
  }
}
