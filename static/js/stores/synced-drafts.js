// Syncs drafts between a user's devices. Drafts are stored in this browser at once (drafts.js) and on the server after a pause; the
// last device to save wins.
import { putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { getDraft, setDraft } from "./drafts.js";
import { mentionsOf, setMentions } from "./mentions.js";

const DEBOUNCE = 1500;
/** A draft typed in another tab this recently is about to be saved there. */
const RECENT = 10_000;

const me = document.body.dataset.userId;
const timers = new Map();
const saving = new Set();
const changedHere = new Set();

export function syncDrafts() {
  on("chat-settings", ({ peerId, draft }) => receiveDraft(peerId, draft));
  on("chat", ({ _id, draft }) => receiveDraft(_id, draft));
  on("connection", ({ state }) => state === "live" && changedHere.forEach(saveSoon));
  addEventListener("pagehide", saveAll);
  document.addEventListener("visibilitychange", () => document.hidden && saveAll());
}

/** Called when the draft has been edited, or sent. */
export function draftChanged(peerId) {
  setState(peerId, { ...stateOf(peerId), at: new Date().toISOString(), unsaved: true });
  changedHere.add(peerId);
  saveSoon(peerId);
}

/** Takes the server's draft, if there is one, unless this browser has a newer one. */
export function receiveDraft(peerId, draft) {
  const [local, state] = [draftOf(peerId), stateOf(peerId)];
  // Drafts without a state are from before drafts were synced.
  const isUnsaved = state.unsaved ?? (hasContent(local) && !state.at);
  const isOld = isUnsaved ? isAhead(peerId, state, draft) : !(draft?.savedAt > (state.at ?? ""));
  if (!isOld) return applyDraft(peerId, draft, local);
  if (!isUnsaved) return;
  if (draft && hasContent(draft)) markMaybeOnServer(peerId);
  if (!saving.has(peerId)) saveSoon(peerId);
}

/** Notes that the server may have a draft, which must be deleted if this one is sent before that is certain. */
function markMaybeOnServer(peerId) {
  setState(peerId, { at: new Date().toISOString(), unsaved: true, ...stateOf(peerId), isThere: true });
}

function isAhead(peerId, { at }, draft) {
  return !draft || changedHere.has(peerId) || !(at < draft.savedAt) || Date.now() - Date.parse(at) < RECENT;
}

function applyDraft(peerId, { text = "", replyTo = "", mentions = [], savedAt }, before) {
  markSynced(peerId, { at: savedAt, isThere: Boolean(text || replyTo) });
  setDraft(me, peerId, text);
  setDraft(me, `${peerId}:reply`, replyTo);
  setMentions(me, peerId, mentions);
  emit("draft", { peerId, text, before: before.text, replyTo });
}

function saveAll() {
  for (const peerId of timers.keys()) save(peerId);
}

function saveSoon(peerId) {
  clearTimeout(timers.get(peerId));
  timers.set(peerId, setTimeout(() => save(peerId), DEBOUNCE));
}

/** If this fails, the draft stays unsaved: the next pause, connection or visit retries. */
async function save(peerId) {
  clearTimeout(timers.get(peerId));
  timers.delete(peerId);
  if (saving.has(peerId)) return saveSoon(peerId);
  const local = draftOf(peerId);
  if (!hasContent(local) && !stateOf(peerId).isThere) return markSynced(peerId, {});
  // Before the first message there is no chat to store a draft for.
  if (!document.getElementById(`chats-${peerId}`)) return;
  saving.add(peerId);
  markMaybeOnServer(peerId);
  // The page may be unloading.
  const response = await putJSON(`/api/messages/chats/${peerId}/draft`, local, { keepalive: true }).catch(() => null);
  saving.delete(peerId);
  const now = draftOf(peerId);
  if (!response || JSON.stringify(now) !== JSON.stringify(local)) return;
  markSynced(peerId, { at: response.draft?.savedAt, isThere: hasContent(local) });
}

/** Server and browser now have the same draft. */
function markSynced(peerId, state) {
  clearTimeout(timers.get(peerId));
  timers.delete(peerId);
  changedHere.delete(peerId);
  setState(peerId, state);
}

const draftOf = (peerId) => ({
  text: getDraft(me, peerId), replyTo: getDraft(me, `${peerId}:reply`), mentions: mentionsOf(me, peerId),
});
const hasContent = ({ text = "", replyTo }) => !isBlank(text) || Boolean(replyTo);

const stateOf = (peerId) => JSON.parse(getDraft(me, `${peerId}:state`) || "{}");
const setState = (peerId, state) => setDraft(me, `${peerId}:state`, state.at ? JSON.stringify(state) : "");
