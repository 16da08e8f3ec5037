import { deleteJSON, putJSON } from "../../api.js";
import { emit } from "../../lib/bus.js";
import { text } from "../../lib/texts.js";
import { fillReactions, ownOf, reactionsOf, showReactions } from "../../render/parts/reactions.js";
import { messagesOf } from "../../render/timeline.js";
import { stepAcross } from "../arrow-keys.js";

/** What people think of the messages: shown, changed by the pills and by the event `react` of a message, followed live. */
export class Reactions {
  #list;
  #reading;
  #place;

  constructor(list, { reading, place }) {
    this.#list = list;
    this.#reading = reading;
    this.#place = place;
    list.addEventListener("click", ({ target }) => this.#press(target.closest(".reaction")));
    list.addEventListener("keydown", (event) => this.#steer(event));
    list.addEventListener("react", ({ target, detail }) => this.#toggle(target, detail.emoji));
  }

  /** Somebody, perhaps the reader on another device, reacted or took it back. */
  follow({ messageId, personId, emoji, added, ...state }) {
    const item = messagesOf(this.#list).findLast(({ dataset }) => dataset.messageId === messageId);
    if (!item || item.matches(".is-deleted")) return;
    const own = ownOf(item);
    if (personId === this.#reading.userId) own[added ? "add" : "delete"](emoji);
    this.#keep(item, () => fillReactions(item, state, this.#reading, own));
  }

  /** Once names are there that were asked for. */
  name() {
    const items = messagesOf(this.#list).filter((item) => item.querySelector(".reaction"));
    for (const item of items) showReactions(item, reactionsOf(item), this.#reading);
  }

  #press(pill) {
    if (pill) this.#toggle(pill.closest(".message"), pill.dataset.emoji);
  }

  /** Shown at once, and taken back should it fail. */
  async #toggle(item, emoji) {
    const { messageId } = item.dataset;
    if (!messageId) return;
    const added = !ownOf(item).has(emoji);
    this.#show(item, emoji, added);
    const path = `/api/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`;
    try {
      const message = await (added ? putJSON : deleteJSON)(path);
      this.#keep(item, () => fillReactions(item, message, this.#reading));
    } catch (error) {
      this.#show(item, emoji, !added);
      emit("notice", { text: error.status ? error.message : text("reaction-failed"), kind: "error" });
    }
  }

  #show(item, emoji, added) {
    this.#keep(item, () => showReactions(item, changed(reactionsOf(item), emoji, added, this.#reading.userId), this.#reading));
  }

  /** What is read does not move, and a pill that goes away leaves the focus to its message. */
  #keep(item, change) {
    const hadFocus = item.contains(document.activeElement);
    this.#place.keep(change);
    if (hadFocus && !item.contains(document.activeElement)) item.focus({ preventScroll: true });
  }

  /** The arrow keys across lead from a message to its reactions, among them, and back. */
  #steer(event) {
    const item = event.target.closest(".message");
    const places = item && [item, ...item.querySelectorAll(".reaction")];
    const here = places ? places.indexOf(event.target) : -1;
    const step = stepAcross(event);
    if (here < 0 || !step) return;
    places[Math.max(0, Math.min(places.length - 1, here + step))].focus();
    event.preventDefault();
  }
}

/** The same reactions, with mine or without it. */
function changed(reactions, emoji, added, me) {
  const there = reactions.find((each) => each.emoji === emoji) ?? { emoji, count: 0, people: [], mine: false };
  if (there.mine === added) return reactions;
  const others = there.people.filter((key) => key !== me);
  const now = { emoji, count: there.count + (added ? 1 : -1), people: added ? [...others, me] : others, mine: added };
  const all = reactions.includes(there) ? reactions.map((each) => (each === there ? now : each)) : [...reactions, now];
  return all.filter(({ count }) => count > 0);
}
