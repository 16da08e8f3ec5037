// Names and pictures of group members. Some come with the rendered page; others are fetched once.
import { getJSON } from "../api.js";
import { emit } from "../lib/bus.js";

const DELAY = 50;
const MAX_BATCH = 100;
const people = new Map();
const requested = new Set();
let timer = 0;

/** `{fullName, profilePic}`, or undefined until it is loaded, which the event `people` announces. */
export function personOf(id) {
  if (!people.has(id)) request(id);
  return people.get(id);
}

export const firstNameOf = (id) => personOf(id)?.fullName.split(/\s+/)[0] ?? "";

export function addPerson(id, person) {
  people.set(id, person);
}

function request(id) {
  requested.add(id);
  timer ||= setTimeout(fetchRequested, DELAY);
}

async function fetchRequested() {
  const ids = [...requested].slice(0, MAX_BATCH);
  ids.forEach((id) => requested.delete(id));
  timer = requested.size ? setTimeout(fetchRequested, DELAY) : 0;
  const found = await getJSON(`/groups/authors?ids=${ids}`).catch(() => []);
  found.forEach(({ _id, ...person }) => addPerson(_id, person));
  if (found.length) emit("people", {});
}
