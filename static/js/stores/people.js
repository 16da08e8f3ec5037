// Names and pictures of those who write in groups. The server renders them; who comes later is asked for once.
import { getJSON } from "../api.js";
import { emit } from "../lib/bus.js";

const SOON = 50;
const MOST = 100;
const people = new Map();
const requested = new Set();
let timer = 0;

/** `{fullName, profilePic}`, or undefined until it is known: then comes the event `people`. */
export function personOf(id) {
  if (!people.has(id)) request(id);
  return people.get(id);
}

export const firstNameOf = (id) => personOf(id)?.fullName.split(/\s+/)[0] ?? "";

export function learn(id, person) {
  people.set(id, person);
}

function request(id) {
  requested.add(id);
  timer ||= setTimeout(fetchRequested, SOON);
}

async function fetchRequested() {
  const ids = [...requested].slice(0, MOST);
  ids.forEach((id) => requested.delete(id));
  timer = requested.size ? setTimeout(fetchRequested, SOON) : 0;
  const found = await getJSON(`/groups/authors?ids=${ids}`).catch(() => []);
  found.forEach(({ _id, ...person }) => learn(_id, person));
  if (found.length) emit("people", {});
}
