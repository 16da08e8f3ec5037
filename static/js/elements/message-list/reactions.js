import { deleteJSON, putJSON } from "../../api.js";
import { emit } from "../../lib/bus.js";
import { text } from "../../lib/texts.js";
import { fillReactions, ownOf, reactionsOf, showReactions } from "../../render/parts/reactions.js";
import { messagesOf } from "../../render/timeline.js";
import { stepAcross } from "../arrow-keys.js";

/** The reactions of messages: updated live, and changed by the pills and by the event `react` on a message. */
export class Reactions {
  #list;
  #context;
  #scrollPosition;

  constructor(list, { context, scrollPosition }) {
    this.#list = list;
    this.#context = context;
    this.#scrollPosition = scrollPosition;
    list.addEventListener("click", ({ target }) => this.#onClick(target.closest(".reaction")));
    list.addEventListener("keydown", (event) => this.#onKeydown(event));
    list.addEventListener("react", ({ target, detail }) => this.#toggle(target, detail.emoji));
  }

  /** Somebody, perhaps the reader on another device, added or removed a reaction. */
  onReaction({ messageId, personId, emoji, added, ...state }) {
    const item = messagesOf(this.#list).findLast(({ dataset }) => dataset.messageId === messageId);
    if (!item || item.matches(".is-deleted")) return;
    const own = ownOf(item);
    if (personId === this.#context.userId) own[added ? "add" : "delete"](emoji);
    this.#preserve(item, () => fillReactions(item, state, this.#context, own));
  }

  /** Fills in names that have been loaded. */
  showNames() {
    const items = messagesOf(this.#list).filter((item) => item.querySelector(".reaction"));
    for (const item of items) showReactions(item, reactionsOf(item), this.#context);
  }

  #onClick(pill) {
    if (pill) this.#toggle(pill.closest(".message"), pill.dataset.emoji);
  }

  /** Shows the change at once, and reverts it if it fails. */
  async #toggle(item, emoji) {
    const { messageId } = item.dataset;
    if (!messageId) return;
    const added = !ownOf(item).has(emoji);
    this.#show(item, emoji, added);
    const path = `/api/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`;
    try {
      const message = await (added ? putJSON : deleteJSON)(path);
      this.#preserve(item, () => fillReactions(item, message, this.#context));
    } catch (error) {
      this.#show(item, emoji, !added);
      emit("notice", { text: error.status ? error.message : text("reaction-failed"), kind: "error" });
    }
  }

  #show(item, emoji, added) {
    this.#preserve(item, () => showReactions(item, changed(reactionsOf(item), emoji, added, this.#context.userId), this.#context));
  }

  /** Keeps what is in view in place, and moves the focus of a removed pill to its message. */
  #preserve(item, change) {
    const hadFocus = item.contains(document.activeElement);
    this.#scrollPosition.preserve(change);
    if (hadFocus && !item.contains(document.activeElement)) item.focus({ preventScroll: true });
  }

  /** Left and right arrow keys move between a message and its reactions. */
  #onKeydown(event) {
    const item = event.target.closest(".message");
    const stops = item && [item, ...item.querySelectorAll(".reaction")];
    const index = stops ? stops.indexOf(event.target) : -1;
    const step = stepAcross(event);
    if (index < 0 || !step) return;
    stops[Math.max(0, Math.min(stops.length - 1, index + step))].focus();
    event.preventDefault();
  }
}

/** The reactions with the reader's own added or removed. */
function changed(reactions, emoji, added, me) {
  const there = reactions.find((each) => each.emoji === emoji) ?? { emoji, count: 0, people: [], mine: false };
  if (there.mine === added) return reactions;
  const others = there.people.filter((key) => key !== me);
  const now = { emoji, count: there.count + (added ? 1 : -1), people: added ? [...others, me] : others, mine: added };
  const all = reactions.includes(there) ? reactions.map((each) => (each === there ? now : each)) : [...reactions, now];
  return all.filter(({ count }) => count > 0);
}
