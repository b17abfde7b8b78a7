/**
 * Building document nodes and icons.
 *
 * Text always becomes text nodes: nothing here (or anywhere in the page) parses data as HTML.
 * Knows nothing of chats or messages.
 */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  bell: "M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10M10 20a2.2 2.2 0 0 0 4 0",
  bellOff: "M6 10c0 5-2 6.5-2 6.5h12.5M8 5.5A6 6 0 0 1 18 10c0 2.2.4 3.8.9 4.9M10 20a2.2 2.2 0 0 0 4 0M4 3l17 17",
  bot: "M5 9h14v10H5zM12 9V5M9 13.5v1.5M15 13.5v1.5M2.5 13v3M21.5 13v3M11 4.5h2",
  channel: "M4 10v4h3l9 5V5l-9 5zM19.5 9.5a4 4 0 0 1 0 5M7 14l1.5 5.5h3",
  clip: "M19 11l-7.500 7.500a4.600 4.600 0 0 1-6.500-6.500L13 4a3.100 3.100 0 0 1 4.400 4.400l-8 8a1.500 1.500 0 0 1-2.200-2.200l7.300-7.200",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  bin: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  down: "M6 9.5l6 6 6-6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  forum: "M4 5h11v8H9l-3.5 3v-3H4zM18 9h2v8h-1.5v3L15 17h-4",
  group: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11M3 19.5c0-3.4 2.6-5.5 6-5.5s6 2.1 6 5.5M16 5.2a3 3 0 0 1 0 5.6M17.5 14.4c2.2.7 3.5 2.5 3.5 5.1",
  more: "M12 6v.01M12 12v.01M12 18v.01",
  outside: "M8 16L17 7M9.5 7H17v7.5",
  picture: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M9 9.5v.01",
  reply: "M10 6L4 12l6 6M4.5 12H14c3.5 0 6 2 6 6.5",
  send: "M4 12l1.5-7.5L21 12 5.500 19.500zM4 12h8",
  share: "M14 5l7 6.500-7 6.500v-4C8 14 5 16 3 19c0-6 4-10 11-10z",
  slash: "M14.500 5l-5 14",
  speaker: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4 4 0 0 1 0 6M18 6.500a7.500 7.500 0 0 1 0 11",
  speakerOff: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM16 9.500l5 5M21 9.500l-5 5",
};

/**
 * Makes an element. `attributes` may hold `on` (event name to listener) and `data` (dataset
 * values); an attribute that is false, null or undefined is left out. Children that are false,
 * null or undefined are left out too.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(node.dataset, value);
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

/** Appends children, leaving out those that are false, null or undefined. */
export function append(node, children) {
  const present = children.flat().filter((child) => child !== false && child != null);
  node.append(...present);
}

/** A decorative line icon, hidden from assistive technology. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon; `label` is its accessible name and its tooltip. */
export function iconButton(name, label, attributes = {}) {
  const { class: extra = "", ...rest } = attributes;
  return element(
    "button",
    {
      type: "button", class: `icon-button ${extra}`.trim(), "aria-label": label, title: label, ...rest,
    },
    icon(name),
  );
}

export const narrow = () => window.matchMedia("(max-width: 719px)").matches;
export const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
