import { read, removeByPrefix, write } from "../lib/storage.js";

const prefix = (userId) => `draft:${userId}:`;
const keyOf = (userId, peerId) => prefix(userId) + peerId;

export const getDraft = (userId, peerId) => read(keyOf(userId, peerId));

/** An empty text deletes the draft. */
export const setDraft = (userId, peerId, text) => write(keyOf(userId, peerId), text);

/** Deletes the drafts of all accounts, or of all but one. */
export const clearDrafts = ({ except } = {}) => removeByPrefix("draft:", except && prefix(except));

/** Calls `handler(text, before)` when another tab changes the draft; returns a function that unsubscribes. */
export function onDraft(userId, peerId, handler) {
  const listener = ({ key, newValue, oldValue }) => {
    if (key === keyOf(userId, peerId)) handler(newValue ?? "", oldValue ?? "");
  };
  addEventListener("storage", listener);
  return () => removeEventListener("storage", listener);
}
