import { isAtGap } from "../../render/list-window.js";
import { messagesOf } from "../../render/timeline.js";
import { moveFocus } from "../arrow-keys.js";

/** Arrow keys move between messages, but not across a gap. */
export function moveFocusAmong(list, event) {
  if (isAtGap(event.target, event.key)) event.preventDefault();
  else if (event.target.matches(".message, message-list")) moveFocus(event, messagesOf(list));
}

/** If a change removes the focused button, the focus moves to its message, or else to the list. */
export function preserveFocus(log, item, change) {
  const hadFocus = item?.contains(document.activeElement);
  change();
  if (hadFocus) (item.isConnected ? item : log).focus({ preventScroll: true });
}

/** The same for a change of the whole list. */
export function preserveFocusIn(log, list, change) {
  const hadFocus = list.contains(document.activeElement);
  change();
  if (hadFocus && !list.contains(document.activeElement)) log.focus({ preventScroll: true });
}
