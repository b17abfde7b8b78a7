/** Link previews: a card under or over a message's text. Rendering only. */

import { element, icon } from "./elements.js";
import { safeAddress } from "./entities.js";

/** The card of a message's `preview`; large ones carry the picture across their whole width. */
export function previewCard(preview) {
  const href = safeAddress(preview.url);
  const size = preview.large ? "large" : "small";
  const words = element(
    "span",
    { class: "preview-words" },
    preview.site && element("span", { class: "preview-site" }, preview.site),
    preview.title && element("span", { class: "preview-title", dir: "auto" }, preview.title),
    preview.description && element("span", { class: "preview-description", dir: "auto" }, preview.description),
  );
  const picture = preview.image ? pictureOf(preview, size) : null;
  const parts = preview.large && preview.above ? [picture, words] : [words, picture];
  const attributes = { class: `preview preview-${size}`, data: { testid: "preview" } };
  if (!href) return element("div", attributes, ...parts);
  return element("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, ...parts);
}

function pictureOf(preview, size) {
  const frame = element("span", { class: `preview-picture preview-picture-${size}` });
  const source = safeAddress(new URL(preview.image, document.baseURI).href);
  if (!source) return null;
  const image = element("img", { src: source, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("load", () => frame.classList.add("loaded"));
  image.addEventListener("error", () => {
    const words = size === "large" ? element("span", {}, "The picture could not be loaded") : null;
    frame.classList.add("missing");
    frame.replaceChildren(icon("picture"), ...(words ? [words] : []));
  });
  frame.append(image);
  return frame;
}
