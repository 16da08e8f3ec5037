import { emit } from "../lib/bus.js";

const people = new Set();

export const isOnline = (userId) => people.has(userId);
export const online = () => people;

export function replaceOnline(userIds) {
  people.clear();
  changeOnline({ online: userIds, offline: [] });
}

export function changeOnline({ online: came, offline: left }) {
  left.forEach((userId) => people.delete(userId));
  came.forEach((userId) => people.add(userId));
  emit("presence", { online: people });
}
