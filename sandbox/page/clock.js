/**
 * Times as people read them. Input is always seconds since 1970 (the Bot API's `date`);
 * output is in the browser's time zone with a 24-hour clock. No state.
 */

const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "2-digit", year: "2-digit" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

const moment = (seconds) => new Date(seconds * 1000);
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const daysAgo = (seconds) =>
  Math.round((midnight(new Date()) - midnight(moment(seconds))) / 86_400_000);

export const hour = (seconds) => HOUR.format(moment(seconds));
export const full = (seconds) => FULL.format(moment(seconds));
export const sameDay = (one, other) => +midnight(moment(one)) === +midnight(moment(other));

/** "Today", "Yesterday" or "3 November" (with the year when it is not this one). */
export function day(seconds) {
  const ago = daysAgo(seconds);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  const date = moment(seconds);
  const year = date.getFullYear() === new Date().getFullYear() ? "" : ` ${date.getFullYear()}`;
  return DAY.format(date) + year;
}

/** The time of a chat's last message in the list: "14:05", "Mon" or "03/11/26". */
export function brief(seconds) {
  const ago = daysAgo(seconds);
  if (ago <= 0) return hour(seconds);
  return ago < 7 ? WEEKDAY.format(moment(seconds)) : DATE.format(moment(seconds));
}
