import { forget, read, write } from "../lib/storage.js";

const prefix = (userId) => `draft:${userId}:`;
const keyOf = (userId, peerId) => prefix(userId) + peerId;

export const getDraft = (userId, peerId) => read(keyOf(userId, peerId));

/** An empty text forgets the draft. */
export const setDraft = (userId, peerId, text) => write(keyOf(userId, peerId), text);

/** Of everybody, or of everybody but one: however a session ended, nothing of it is left for the next person. */
export const forgetDrafts = ({ but } = {}) => forget("draft:", but && prefix(but));

/** Calls `handler(text, before)` when another tab changes the draft; returns the function that ends it. */
export function onDraft(userId, peerId, handler) {
  const listener = ({ key, newValue, oldValue }) => {
    if (key === keyOf(userId, peerId)) handler(newValue ?? "", oldValue ?? "");
  };
  addEventListener("storage", listener);
  return () => removeEventListener("storage", listener);
}
