import { isAtGap } from "../../render/list-window.js";
import { messagesOf } from "../../render/timeline.js";
import { moveFocus } from "../arrow-keys.js";

/** Arrow keys go from message to message, but not across what is left out. */
export function moveAmong(list, event) {
  if (isAtGap(event.target, event.key)) event.preventDefault();
  else if (event.target.matches(".message, message-list")) moveFocus(event, messagesOf(list));
}

/** A button that goes away takes the focus along: it stays with the message, or else in the list. */
export function keepFocus(log, item, change) {
  const hadFocus = item?.contains(document.activeElement);
  change();
  if (hadFocus) (item.isConnected ? item : log).focus({ preventScroll: true });
}

/** The same for whatever may leave the list. */
export function keepFocusIn(log, list, change) {
  const hadFocus = list.contains(document.activeElement);
  change();
  if (hadFocus && !list.contains(document.activeElement)) log.focus({ preventScroll: true });
}
