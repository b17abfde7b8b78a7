/**
 * What a link means inside the client: Telegram's own links (Bot API, deep linking) name chats,
 * start bots and share; all others lead outside. Pure.
 */

const HOSTS = new Set(["t.me", "telegram.me", "telegram.dog"]);

/**
 * Reads an address. Answers one of
 * `{kind: "start" | "startgroup", payload}`, `{kind: "share", text}`,
 * `{kind: "username", username, messageId}`, `{kind: "chat", chatId, messageId}`, `{kind: "outside", url}`.
 */
export function meaning(address, botUsername) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return { kind: "outside", url: address };
  }
  if (url.protocol === "tg:") return ofScheme(url, botUsername);
  const http = url.protocol === "https:" || url.protocol === "http:";
  if (!http || !HOSTS.has(url.hostname)) return { kind: "outside", url: url.href };
  return ofPath(url, botUsername);
}

function ofPath(url, botUsername) {
  const [first = "", second, third] = url.pathname.split("/").filter(Boolean);
  if (first === "share") return shared(url.searchParams);
  if (first === "c" && second) {
    return { kind: "chat", chatId: Number(`-100${second}`), messageId: numberOf(third) };
  }
  return ofName(first.replace(/^@/, ""), url.searchParams, numberOf(second), botUsername);
}

function ofScheme(url, botUsername) {
  const parameters = url.searchParams;
  if (url.hostname === "resolve") {
    return ofName(parameters.get("domain") ?? "", parameters, numberOf(parameters.get("post")), botUsername);
  }
  if (url.hostname === "msg_url" || url.hostname === "msg") return shared(parameters);
  return { kind: "outside", url: url.href };
}

function ofName(username, parameters, messageId, botUsername) {
  if (username.toLowerCase() === botUsername.toLowerCase()) {
    if (parameters.has("startgroup")) return { kind: "startgroup", payload: parameters.get("startgroup") };
    return { kind: "start", payload: parameters.get("start") };
  }
  return { kind: "username", username, messageId };
}

function shared(parameters) {
  const parts = [parameters.get("text"), parameters.get("url")].filter(Boolean);
  return { kind: "share", text: parts.join("\n") };
}

function numberOf(text) {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : null;
}
