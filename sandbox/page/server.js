/**
 * The sandbox's interface over HTTP: one function per request, one stream of events.
 * Knows addresses and shapes; keeps nothing and shows nothing.
 */

const ROOT = new URL("../client/", import.meta.url);

/** The server refused a request or could not be reached; `message` is a sentence to show. */
export class Refusal extends Error {}

async function answer(promise) {
  let response;
  try {
    response = await promise;
  } catch {
    throw new Refusal("The sandbox does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(body.error ?? `The sandbox refused this (${response.status}).`);
  return body;
}

function get(path, parameters = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return answer(fetch(url));
}

function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return answer(fetch(new URL(path, ROOT), { method: "POST", headers, body: JSON.stringify(body) }));
}

export const people = () => get("people");
export const state = (user) => get("state", { user });
export const older = (user, chat, before, limit) => get("messages", { user, chat, before, limit });
export const send = (user, chat, text, { thread, reply_to } = {}) =>
  post("send", { user, chat, text, thread, reply_to });
export const sendDocument = (user, chat, document, text, thread) =>
  post("send", { user, chat, document, text, thread });
export const press = (user, chat, message_id, row, column) =>
  post("press", { user, chat, message_id, row, column });
export const start = (user, payload) => post("start", { user, payload });
export const inline = (user, chat, query, offset = "") => post("inline", { user, chat, query, offset });
export const choose = (user, chat, query, result_id, thread) =>
  post("choose", { user, chat, query, result_id, thread });
export const member = (user, chat, target, status, rights) =>
  post("member", { user, chat, target, status, rights });
export const block = (user, blocked) => post("block", { user, blocked });
export const migrate = (chat) => post("migrate", { chat });
export const read = (user, chat) => post("read", { user, chat });
export const remove = (user, chat, message_id) => post("delete", { user, chat, message_id });

/**
 * Follows the events of one person for as long as the page lives. `received` gets each event;
 * `connected` gets true when the stream opens and false when it is lost (the browser or this
 * function reconnects).
 */
export function follow(user, received, connected) {
  const url = new URL("events", ROOT);
  url.searchParams.set("user", user);
  const source = new EventSource(url);
  source.onopen = () => connected(true);
  source.onmessage = (message) => received(JSON.parse(message.data));
  source.onerror = () => {
    connected(false);
    // A browser gives up for good after an HTTP error (the sandbox is restarting): begin anew.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => follow(user, received, connected), 2000);
    }
  };
}
