/**
 * Telegram's formatting: a text and its entities become document nodes.
 *
 * Offsets and lengths count UTF-16 code units, as JavaScript's strings do. Entities may nest
 * (Bot API, MessageEntity); one that crosses its parent's end is cut there. Links are only made
 * for schemes that cannot run script.
 */

import { element, icon, iconButton } from "./elements.js";

const SCHEMES = new Set(["http:", "https:", "tg:", "mailto:", "tel:"]);
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };

/** The address to follow, or null when it is not one that is safe to follow. */
export function safeAddress(text) {
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/:]+:\d/.test(text) ? text : `http://${text}`;
  try {
    const url = new URL(whole);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** An array of nodes for a text with entities. */
export function formatted(text, entities = []) {
  const sorted = entities
    .filter((entity) => entity.length > 0 && entity.offset < text.length)
    .sort((one, other) => one.offset - other.offset || other.length - one.length);
  return range(text, 0, text.length, sorted);
}

function range(text, start, end, entities) {
  const nodes = [];
  let position = start;
  let afterBlock = false;
  const plain = (until, beforeBlock) => {
    const [from, to] = trimmed(text, position, until, afterBlock, beforeBlock);
    if (to > from) nodes.push(document.createTextNode(text.slice(from, to)));
  };
  for (let place = 0; place < entities.length; ) {
    const entity = entities[place];
    const inside = entities.slice(place + 1).filter((next) => next.offset < entity.offset + entity.length);
    place += 1 + inside.length;
    if (entity.offset < position) continue;
    const block = BLOCKS.has(entity.type);
    plain(entity.offset, block);
    const stop = Math.min(entity.offset + entity.length, end);
    const children = range(text, entity.offset, stop, inside);
    nodes.push(wrapped(entity, text.slice(entity.offset, stop), children));
    position = stop;
    afterBlock = block;
  }
  plain(end, false);
  return nodes;
}

/** A block stands on its own lines already: the line break next to it is not shown twice. */
function trimmed(text, from, to, afterBlock, beforeBlock) {
  const start = afterBlock && text[from] === "\n" ? from + 1 : from;
  const stop = beforeBlock && to > start && text[to - 1] === "\n" ? to - 1 : to;
  return [start, stop];
}

function wrapped(entity, text, children) {
  const tag = TAGS[entity.type];
  if (tag) return element(tag, {}, ...children);
  switch (entity.type) {
    case "spoiler":
      return spoiler(children);
    case "pre":
      return listing(entity.language, text, children);
    case "blockquote":
      return element("blockquote", { class: "quote" }, ...children);
    case "expandable_blockquote":
      return expandable(children);
    default:
      return link(entity, text, children);
  }
}

function link(entity, text, children) {
  switch (entity.type) {
    case "text_link":
      return anchor(entity.url, children);
    case "url":
      return anchor(text, children);
    case "email":
      return anchor(`mailto:${text}`, children);
    case "phone_number":
      return anchor(`tel:${text}`, children);
    case "bot_command":
      return inlineButton({ command: text }, children);
    case "mention":
      return inlineButton({ mention: text }, children);
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return element("span", { class: "tag" }, ...children);
    default:
      return element("span", {}, ...children);
  }
}

/** A word that acts; what it does is said in its dataset and done by whoever listens. */
function inlineButton(data, children) {
  return element("button", { type: "button", class: "inline-link", data }, ...children);
}

function anchor(address, children) {
  const href = safeAddress(address);
  if (!href) return element("span", {}, ...children);
  return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function spoiler(children) {
  const content = element(
    "span", { class: "spoiler-content", "aria-hidden": "true", inert: true }, ...children,
  );
  const node = element("span", {
    class: "spoiler",
    role: "button",
    tabindex: "0",
    "aria-label": "Hidden text, press to show it",
  }, content);
  const reveal = (event) => {
    event.preventDefault();
    event.stopPropagation();
    const shown = element("span", { class: "spoiler shown", tabindex: "-1" });
    content.removeAttribute("aria-hidden");
    content.inert = false;
    shown.append(content);
    node.replaceWith(shown);
    shown.focus({ preventScroll: true });
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") reveal(event);
  });
  return node;
}

function listing(language, text, children) {
  const copy = iconButton("copy", "Copy this code", {
    class: "listing-copy",
    on: { click: () => navigator.clipboard?.writeText(text) },
  });
  const head = element("div", { class: "listing-head" }, element("span", {}, language ?? "code"), copy);
  const body = element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, ...children));
  return element("div", { class: "listing" }, head, body);
}

function expandable(children) {
  const content = element("div", { class: "quote-content" }, ...children);
  const toggle = element("button", { type: "button", class: "quote-toggle", "aria-expanded": "false" });
  const word = element("span", {}, "Show more");
  toggle.append(word, icon("down"));
  const node = element("blockquote", { class: "quote expandable" }, content, toggle);
  toggle.addEventListener("click", () => {
    const open = node.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    word.textContent = open ? "Show less" : "Show more";
  });
  // Whether anything is hidden is only known once the node has a width.
  const observer = new ResizeObserver(() => {
    if (node.classList.contains("open")) return;
    toggle.hidden = content.scrollHeight <= content.clientHeight + 1;
  });
  observer.observe(content);
  return node;
}
