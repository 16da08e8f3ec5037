import { text } from "./texts.js";

const DAY = 86_400_000;
const language = () => document.documentElement.lang || "en";
// English here is British, with the day before the month; all languages use Latin digits.
const named = (date, options) =>
  new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), { numberingSystem: "latn", ...options }).format(date);
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** "09:05", in the reader's zone. */
export function clock(iso) {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** "Saturday, 28 November 2026, 14:52", the title of shorter times. */
export function fullDate(iso) {
  return dayAndTime(named(new Date(iso), { dateStyle: "full" }), iso);
}

const dayAndTime = (day, iso) => text("day-and-time").replace("{day}", () => day).replace("{time}", clock(iso));

/** False without a time. */
export const isPast = (iso) => Boolean(iso) && Date.parse(iso) <= Date.now();

/** Shows these words in a `<time>`, with the full date as its title; writes only what has changed. */
export function showTime(element, iso, words) {
  const full = fullDate(iso);
  if (element.dateTime !== iso) element.dateTime = iso;
  if (element.title !== full) element.title = full;
  if (element.textContent !== words) element.textContent = words;
}

/** "Today", "Yesterday", "Friday" within a week, then "12 Nov", with the year if it is not this one. */
export function dayLabel(iso) {
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return text("today");
  if (days === 1) return text("yesterday");
  if (days < 7) return named(date, { weekday: "long" });
  return calendarDay(date);
}

/** For rows of the side bar: the time today, the day before that. */
export function rowTime(iso) {
  return daysAgo(new Date(iso)) <= 0 ? clock(iso) : dayLabel(iso);
}

/** "last seen today at 14:03" */
export function lastSeen(iso) {
  const days = daysAgo(new Date(iso));
  const words = text(days <= 0 ? "seen-today" : days === 1 ? "seen-yesterday" : "seen-on");
  return words.replace("{time}", clock(iso)).replace("{day}", () => dayLabel(iso));
}

export function sameDay(one, other) {
  return midnight(new Date(one)).getTime() === midnight(new Date(other)).getTime();
}

/** "2026-01-31", in the reader's zone. */
export function isoDay(iso) {
  const date = new Date(iso);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function daysAgo(date) {
  // Rounded, because a day on which the clocks change has 23 or 25 hours.
  return Math.round((midnight(new Date()) - midnight(date)) / DAY);
}

function calendarDay(date) {
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return named(date, { year, month: "short", day: "numeric" });
}
