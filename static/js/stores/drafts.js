import { read, write } from "../lib/storage.js";

const key = (userId, peerId) => `draft:${userId}:${peerId}`;

export const getDraft = (userId, peerId) => read(key(userId, peerId));

/** An empty text forgets the draft. */
export const setDraft = (userId, peerId, text) => write(key(userId, peerId), text);
