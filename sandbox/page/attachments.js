/** What hangs on a message: the card of its link preview, a picture, a document. Rendering only. */

import { element, icon } from "./elements.js";
import { safeAddress } from "./entities.js";
import { attachmentKind } from "./service.js";

/** The card of a message's `preview`; large ones carry the picture across their whole width. */
export function previewCard(preview) {
  const href = safeAddress(preview.url);
  const size = preview.large ? "large" : "small";
  const words = element(
    "span",
    { class: "preview-words" },
    preview.site && element("span", { class: "preview-site" }, preview.site),
    preview.title && element("span", { class: "preview-title", dir: "auto" }, preview.title),
    preview.description && element(
      "span", { class: "preview-description", dir: "auto" }, preview.description,
    ),
  );
  const picture = preview.image ? pictureOf(preview.image, size) : null;
  const parts = preview.large && preview.above ? [picture, words] : [words, picture];
  const attributes = { class: `preview preview-${size}`, data: { testid: "preview" } };
  if (!href) return element("div", attributes, ...parts);
  return element("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, ...parts);
}

/** A picture that fades in, or says that it could not be loaded; null for an unsafe address. */
function pictureOf(address, size) {
  const frame = element("span", { class: `preview-picture preview-picture-${size}` });
  const source = safeAddress(new URL(address, document.baseURI).href);
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

/** The picture or document of a message, or null when it is text alone. */
export function attachment(message) {
  const kind = attachmentKind(message);
  if (!kind) return null;
  if (message.photo_url) return pictureOf(message.photo_url, "large");
  const name = kind === "document" ? message.document.file_name ?? "Document" : kind;
  const size = message[kind]?.file_size;
  return element(
    "div",
    { class: "attachment" },
    element("span", { class: "attachment-sign" }, icon(kind === "photo" ? "picture" : "file")),
    element(
      "span",
      { class: "attachment-words" },
      element("span", { class: "attachment-name" }, name),
      size && element("span", { class: "attachment-size" }, `${Math.max(1, Math.round(size / 1024))} KB`),
    ),
  );
}
