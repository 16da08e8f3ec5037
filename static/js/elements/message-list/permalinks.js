// Links to messages, and the lookup of messages by key or date.
import { getJSON } from "../../api.js";

export const permalinkOf = (peerId, messageId) => `${location.origin}/chat/${peerId}#m-${messageId}`;

/** The message key in the page's URL, if any. */
export const linkedMessageId = () => location.hash.match(/^#m-([0-9a-f]{24})$/)?.[1];

/** `{_id, seq}`, or undefined if the reader cannot see it. */
export async function findMessage(peerId, messageId) {
  const [found] = await getJSON(`/chat/${peerId}/quotes?ids=${messageId}`);
  return found;
}

/** The first message since the start of a day ("2026-01-31"), or else the newest one: `{_id, seq}`; null without any. */
export const findFirstSince = (peerId, day) => getJSON(`/chat/${peerId}/since?date=${day}`);
