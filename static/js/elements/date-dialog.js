import { isConfirmed } from "../lib/dialog.js";
import { isoDay } from "../lib/time.js";

/** Asks where to go: "2026-01-31", "unread" for the first unread message, or "" to stay. The field starts at the day of `iso`. */
export async function chooseDay(iso, { hasUnread }) {
  const dialog = document.getElementById("go-to-date");
  const field = dialog.querySelector("input");
  field.max = isoDay(new Date().toISOString());
  field.value = isoDay(iso);
  dialog.querySelector("[value=unread]").hidden = !hasUnread;
  const isDay = await isConfirmed(dialog, "day");
  return isDay ? field.value : dialog.returnValue;
}
