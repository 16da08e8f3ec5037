// The reactions below a message, one pill per emoji, as in messaging/page/reactions.py.
import { text } from "../../lib/texts.js";
import { personOf } from "../../stores/people.js";
import { setOrRemove, setText, slot } from "../slots.js";

/**
 * Shows the reactions of a message payload. If `reactions` leaves people out, `reacted` lists the reader's own; events lack it, so
 * they rely on `own`, the previous state.
 */
export function fillReactions(item, { reactions, reacted, updatedAt = "" }, context, own = ownOf(item)) {
  if (item.matches(".is-deleted")) return clearReactions(item);
  const list = slot(item, "reactions");
  // Ignore an older state: a response may arrive after the event of the next change.
  if (updatedAt < list.dataset.at) return;
  list.dataset.at = updatedAt;
  const isMine = ({ emoji, count, people }) =>
    reacted ? reacted.includes(emoji) : people.includes(context.userId) || (count > people.length && own.has(emoji));
  showReactions(item, (reactions ?? []).map((each) => ({ ...each, mine: isMine(each) })), context);
}

export function clearReactions(item) {
  slot(item, "reactions").dataset.at = "";
  showReactions(item, []);
}

/** The reactions in the page: `[{emoji, count, people, mine}]`. */
export function reactionsOf(item) {
  return [...slot(item, "reactions").querySelectorAll(".reaction")].map((pill) => ({
    emoji: pill.dataset.emoji,
    count: Number(pill.lastElementChild.textContent),
    people: pill.dataset.people.split(" ").filter(Boolean),
    mine: pill.getAttribute("aria-pressed") === "true",
  }));
}

/** The emoji that the reader reacted with. */
export const ownOf = (item) => new Set(reactionsOf(item).filter(({ mine }) => mine).map(({ emoji }) => emoji));

export function showReactions(item, reactions, context) {
  const list = slot(item, "reactions");
  const pills = new Map([...list.children].map((pill) => [pill.firstElementChild.dataset.emoji, pill]));
  reactions.forEach((reaction, index) => {
    const pill = pills.get(reaction.emoji) ?? create();
    pills.delete(reaction.emoji);
    fill(pill.firstElementChild, reaction, context);
    if (list.children[index] !== pill) list.insertBefore(pill, list.children[index] ?? null);
  });
  for (const gone of pills.values()) gone.remove();
  list.hidden = !reactions.length;
}

function create() {
  return document.getElementById("reaction-template").content.querySelector("li").cloneNode(true);
}

function fill(pill, reaction, context) {
  const label = labelOf(reaction, context);
  const [emoji, count] = pill.children;
  pill.dataset.emoji = reaction.emoji;
  pill.dataset.people = reaction.people.join(" ");
  setOrRemove(pill, "aria-pressed", String(reaction.mine));
  setOrRemove(pill, "aria-label", label);
  setOrRemove(pill, "title", label);
  setText(emoji, reaction.emoji);
  setText(count, String(reaction.count));
}

function labelOf({ emoji, count, people, mine }, context) {
  const others = people.filter((key) => key !== context.userId).map((key) => nameOf(key, context));
  const named = [...others.filter(Boolean), mine && text("reaction-you")].filter(Boolean);
  const more = count - named.length;
  const names = named.join(", ");
  if (!names) return `${emoji} ${more}`;
  return `${emoji} ${count}: ${more ? text("reaction-more").replace("{names}", () => names).replace("{n}", more) : names}`;
}

/** In a group, undefined until it is loaded, which the event `people` announces. */
function nameOf(key, { isGroup, peerId, peerName }) {
  if (isGroup) return personOf(key)?.fullName;
  return key === peerId && peerName;
}
