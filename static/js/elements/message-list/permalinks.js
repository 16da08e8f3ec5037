// Where one may want to go in a conversation: to the message that the address names, to a day.
import { getJSON } from "../../api.js";

export const addressOf = (peerId, messageId) => `${location.origin}/chat/${peerId}#m-${messageId}`;

/** The key of the message that the address of the page names, if it does. */
export const addressed = () => location.hash.match(/^#m-([0-9a-f]{24})$/)?.[1];

/** `{_id, seq}`, or nothing when the reader cannot see it. */
export async function findMessage(peerId, messageId) {
  const [found] = await getJSON(`/chat/${peerId}/quotes?ids=${messageId}`);
  return found;
}

/** The first message since that day began ("2026-01-31"), or else the newest one: `{_id, seq}`, or null without any. */
export const findDay = (peerId, day) => getJSON(`/chat/${peerId}/since?date=${day}`);
