// The row of six quick reactions, with a button for all emoji.
import { ownOf } from "../render/parts/reactions.js";
import { stepAcross } from "./arrow-keys.js";
import { openEmojiPicker } from "./emoji-popover.js";

const GAP = 8;
const row = () => document.getElementById("reaction-row");
let item;

/** Fires `react` on the message: elements/message-list/reactions.js. */
export function openReactionRow(message) {
  item = message;
  const [bar, mine] = [row(), ownOf(item)];
  for (const button of bar.querySelectorAll("[data-emoji]")) button.setAttribute("aria-pressed", mine.has(button.dataset.emoji));
  bar.onclick = ({ target }) => choose(target.closest("button"));
  bar.onkeydown = onKeydown;
  addEventListener("scroll", () => bar.hidePopover(), { capture: true, once: true });
  bar.showPopover();
  positionPopover();
  bar.firstElementChild.focus({ preventScroll: true });
}

function close(event) {
  event.preventDefault();
  row().hidePopover();
  item.focus({ preventScroll: true });
}

function choose(button) {
  if (!button) return;
  const message = item;
  const focus = () => message.focus({ preventScroll: true });
  const react = (emoji) => message.dispatchEvent(new CustomEvent("react", { bubbles: true, detail: { emoji } }));
  row().hidePopover();
  focus();
  if ("more" in button.dataset) openEmojiPicker(message.querySelector(".bubble"), { choose: react, closed: focus, once: true });
  else react(button.dataset.emoji);
}

function onKeydown(event) {
  event.stopPropagation();
  if (event.key === "Escape") return close(event);
  const buttons = [...row().children];
  const step = stepAcross(event);
  if (!step) return;
  buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
  event.preventDefault();
}

/** Above the bubble, or below it if there is no room; always within the window. */
function positionPopover() {
  const bubble = item.querySelector(".bubble").getBoundingClientRect();
  const { width, height } = row().getBoundingClientRect();
  const isAtRight = item.matches(".is-mine") !== (getComputedStyle(item).direction === "rtl");
  const left = isAtRight ? bubble.right - width : bubble.left;
  const top = bubble.top - height - GAP / 2;
  const end = innerWidth - width - GAP;
  row().style.left = `${Math.max(GAP, Math.min(left, end))}px`;
  row().style.top = `${top > GAP ? top : Math.min(bubble.bottom + GAP / 2, innerHeight - height - GAP)}px`;
}
