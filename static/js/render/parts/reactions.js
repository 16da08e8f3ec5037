// The reactions below a message, one pill for each emoji. messaging/page/reactions.py says the same of what the server renders.
import { text } from "../../lib/texts.js";
import { personOf } from "../../stores/people.js";
import { setOrRemove, slot, write } from "../slots.js";

/**
 * Of a record. Where `reactions` leaves people out, `reacted` has the reader's own; events do not have it: then `own` holds,
 * which was known before.
 */
export function fillReactions(item, { reactions, reacted, updatedAt = "" }, reading, own = ownOf(item)) {
  if (item.matches(".is-deleted")) return clearReactions(item);
  const list = slot(item, "reactions");
  // Of two states the later one: an answer may come after the event of the next change.
  if (updatedAt < list.dataset.at) return;
  list.dataset.at = updatedAt;
  const isMine = ({ emoji, count, people }) =>
    reacted ? reacted.includes(emoji) : people.includes(reading.userId) || (count > people.length && own.has(emoji));
  showReactions(item, (reactions ?? []).map((each) => ({ ...each, mine: isMine(each) })), reading);
}

export function clearReactions(item) {
  slot(item, "reactions").dataset.at = "";
  showReactions(item, []);
}

/** As they are shown: `[{emoji, count, people, mine}]`. */
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

export function showReactions(item, reactions, reading) {
  const list = slot(item, "reactions");
  const pills = new Map([...list.children].map((pill) => [pill.firstElementChild.dataset.emoji, pill]));
  reactions.forEach((reaction, place) => {
    const pill = pills.get(reaction.emoji) ?? create();
    pills.delete(reaction.emoji);
    fill(pill.firstElementChild, reaction, reading);
    if (list.children[place] !== pill) list.insertBefore(pill, list.children[place] ?? null);
  });
  for (const gone of pills.values()) gone.remove();
  list.hidden = !reactions.length;
}

function create() {
  return document.getElementById("reaction-template").content.querySelector("li").cloneNode(true);
}

function fill(pill, reaction, reading) {
  const label = labelOf(reaction, reading);
  const [emoji, count] = pill.children;
  pill.dataset.emoji = reaction.emoji;
  pill.dataset.people = reaction.people.join(" ");
  setOrRemove(pill, "aria-pressed", String(reaction.mine));
  setOrRemove(pill, "aria-label", label);
  setOrRemove(pill, "title", label);
  write(emoji, reaction.emoji);
  write(count, String(reaction.count));
}

function labelOf({ emoji, count, people, mine }, reading) {
  const others = people.filter((key) => key !== reading.userId).map((key) => nameOf(key, reading));
  const named = [...others.filter(Boolean), mine && text("reaction-you")].filter(Boolean);
  const more = count - named.length;
  const names = named.join(", ");
  if (!names) return `${emoji} ${more}`;
  return `${emoji} ${count}: ${more ? text("reaction-more").replace("{names}", () => names).replace("{n}", more) : names}`;
}

/** In a group it may have to be asked for: then comes the event `people`. */
function nameOf(key, { isGroup, peerId, peerName }) {
  if (isGroup) return personOf(key)?.fullName;
  return key === peerId && peerName;
}
