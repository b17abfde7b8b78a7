/**
 * What asks for attention: toasts, dialogs, the tone of a ringing message, the page's title.
 */

import { calm, element, iconButton } from "./elements.js";

const TOAST = 5000;
const FLASH = 1200;
const CANCEL = { label: "Cancel", value: null, kind: "quiet" };

/** Shows a sentence for some seconds; with `open`, pressing it does that. */
export function toast(text, { title, open, kind = "note", chat } = {}) {
  const place = document.getElementById("toasts");
  const node = element("div", { class: `toast toast-${kind}`, data: { testid: "toast", chat: chat ?? "" } });
  const content = [
    title && element("strong", { class: "toast-title", dir: "auto" }, title),
    element("span", { class: "toast-text", dir: "auto" }, text),
  ];
  const close = () => node.remove();
  const body = open
    ? element("button", { type: "button", class: "toast-body", on: { click: () => { close(); open(); } } })
    : element("div", { class: "toast-body" });
  body.append(...content.filter(Boolean));
  node.append(body, iconButton("close", "Close this notice", { on: { click: close } }));
  place.append(node);
  while (place.children.length > 3) place.firstChild.remove();
  let timer = setTimeout(close, TOAST);
  // Whoever is reading or reaching for it must not lose it.
  const hold = () => clearTimeout(timer);
  const release = () => { timer = setTimeout(close, TOAST); };
  node.addEventListener("pointerenter", hold);
  node.addEventListener("pointerleave", release);
  node.addEventListener("focusin", hold);
  node.addEventListener("focusout", release);
}

/** Takes away the notices about a chat, because it is being read now. */
export function settle(chat) {
  for (const node of document.querySelectorAll(`.toast[data-chat="${chat}"]`)) node.remove();
}

/** Tells something to assistive technology only. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** A modal dialog; `choices` are `{label, value, kind}`. Resolves to the chosen value or null. */
export function ask({ title, text, choices, cancel = CANCEL, testid = "dialog" }) {
  const from = document.activeElement;
  return new Promise((resolve) => {
    const dialog = element(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title", data: { testid } },
      element("h2", { id: "dialog-title", dir: "auto" }, title),
      text && element("p", { dir: "auto" }, text),
    );
    const button = ({ label, value, kind = "" }) => element("button", {
      type: "button", class: `dialog-choice ${kind}`.trim(),
      on: { click: () => { resolve(value); dialog.close(); } },
    }, label);
    const list = element("div", { class: "dialog-choices" }, ...choices.map(button), cancel && button(cancel));
    dialog.append(list);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null);
      if (from?.isConnected) from.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A sentence that must be acknowledged (a callback answer with show_alert). */
export const alertDialog = (text, title) =>
  ask({ title, text, choices: [{ label: "OK", value: true, kind: "primary" }], cancel: null, testid: "alert" });

/** The short tone of a message that rings; off by a toggle that this browser remembers. */
export class Bell {
  #context = null;
  on = localStorage.getItem("sound") !== "off";

  toggle() {
    this.on = !this.on;
    localStorage.setItem("sound", this.on ? "on" : "off");
    if (this.on) this.ring();
  }

  /** Two soft notes; nothing before the person touched the page (browsers forbid it). */
  ring() {
    if (!this.on || !navigator.userActivation?.hasBeenActive) return;
    this.#context ??= new AudioContext();
    const begin = this.#context.currentTime;
    for (const [delay, frequency] of [[0, 880], [0.13, 1174.66]]) {
      const tone = new OscillatorNode(this.#context, { frequency });
      const volume = new GainNode(this.#context, { gain: 0 });
      volume.gain.setValueAtTime(0, begin + delay);
      volume.gain.linearRampToValueAtTime(0.12, begin + delay + 0.01);
      volume.gain.exponentialRampToValueAtTime(0.0001, begin + delay + 0.35);
      tone.connect(volume).connect(this.#context.destination);
      tone.start(begin + delay);
      tone.stop(begin + delay + 0.4);
    }
  }
}

/** The page's title: how much is unread, and the last ringing message until it was seen. */
export class Title {
  #timer = null;
  #unread = 0;
  #ringing = null;
  #shown = false;

  set unread(count) {
    this.#unread = count;
    if (count === 0) this.seen();
    else this.#draw(this.#shown);
  }

  /** Flashes a headline; without motion it just stands there. */
  flash(text) {
    this.seen();
    this.#ringing = text;
    this.#draw(true);
    if (calm()) return;
    this.#timer = setInterval(() => this.#draw(!this.#shown), FLASH);
  }

  seen() {
    clearInterval(this.#timer);
    this.#ringing = null;
    this.#draw(false);
  }

  #draw(ringing) {
    this.#shown = ringing;
    const count = this.#unread ? `(${this.#unread}) ` : "";
    document.title = ringing && this.#ringing ? `🔔 ${this.#ringing}` : `${count}Newsflash sandbox`;
  }
}
