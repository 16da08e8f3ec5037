// Drafts on the person's other devices. What is typed is kept in this browser at once (drafts.js), and by the server after a pause;
// of two devices, the one that saved last has the draft.
import { putJSON } from "../api.js";
import { emit, on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { getDraft, setDraft } from "./drafts.js";
import { mentionsOf, setMentions } from "./mentions.js";

const PAUSE = 1500;
/** What was typed in another tab so shortly ago is about to be saved there. */
const FRESH = 10_000;

const me = document.body.dataset.userId;
const timers = new Map();
const saving = new Set();
const typedHere = new Set();

export function shareDrafts() {
  on("chat-settings", ({ peerId, draft }) => receiveDraft(peerId, draft));
  on("chat", ({ _id, draft }) => receiveDraft(_id, draft));
  on("connection", ({ state }) => state === "live" && typedHere.forEach(saveSoon));
  addEventListener("pagehide", saveAll);
  document.addEventListener("visibilitychange", () => document.hidden && saveAll());
}

/** Something was typed to the peer, or it was sent. */
export function draftChanged(peerId) {
  setState(peerId, { ...stateOf(peerId), at: new Date().toISOString(), unsaved: true });
  typedHere.add(peerId);
  saveSoon(peerId);
}

/** The draft as the server has it, if it has one: never over what is newer here. */
export function receiveDraft(peerId, draft) {
  const [words, state] = [wordsOf(peerId), stateOf(peerId)];
  // Those without a state are from before drafts were shared.
  const isUnsaved = state.unsaved ?? (hasWords(words) && !state.at);
  const isOld = isUnsaved ? isAhead(peerId, state, draft) : !(draft?.savedAt > (state.at ?? ""));
  if (!isOld) return take(peerId, draft, words);
  if (!isUnsaved) return;
  if (draft && hasWords(draft)) mayBeThere(peerId);
  if (!saving.has(peerId)) saveSoon(peerId);
}

/** The server may have one that has to go, should this one be sent before that is known for certain. */
function mayBeThere(peerId) {
  setState(peerId, { at: new Date().toISOString(), unsaved: true, ...stateOf(peerId), isThere: true });
}

function isAhead(peerId, { at }, draft) {
  return !draft || typedHere.has(peerId) || !(at < draft.savedAt) || Date.now() - Date.parse(at) < FRESH;
}

function take(peerId, { text = "", replyTo = "", mentions = [], savedAt }, before) {
  settle(peerId, { at: savedAt, isThere: Boolean(text || replyTo) });
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
  timers.set(peerId, setTimeout(() => save(peerId), PAUSE));
}

/** Without an answer it stays unsaved: the next pause, connection or visit tries again. */
async function save(peerId) {
  clearTimeout(timers.get(peerId));
  timers.delete(peerId);
  if (saving.has(peerId)) return saveSoon(peerId);
  const words = wordsOf(peerId);
  if (!hasWords(words) && !stateOf(peerId).isThere) return settle(peerId, {});
  // As long as nothing was said, there is no chat that could have a draft.
  if (!document.getElementById(`chats-${peerId}`)) return;
  saving.add(peerId);
  mayBeThere(peerId);
  // The page may be on its way out.
  const answer = await putJSON(`/api/messages/chats/${peerId}/draft`, words, { keepalive: true }).catch(() => null);
  saving.delete(peerId);
  const now = wordsOf(peerId);
  if (!answer || JSON.stringify(now) !== JSON.stringify(words)) return;
  settle(peerId, { at: answer.draft?.savedAt, isThere: hasWords(words) });
}

/** Server and browser have the same. */
function settle(peerId, state) {
  clearTimeout(timers.get(peerId));
  timers.delete(peerId);
  typedHere.delete(peerId);
  setState(peerId, state);
}

const wordsOf = (peerId) => ({
  text: getDraft(me, peerId), replyTo: getDraft(me, `${peerId}:reply`), mentions: mentionsOf(me, peerId),
});
const hasWords = ({ text = "", replyTo }) => !isBlank(text) || Boolean(replyTo);

const stateOf = (peerId) => JSON.parse(getDraft(me, `${peerId}:state`) || "{}");
const setState = (peerId, state) => setDraft(me, `${peerId}:state`, state.at ? JSON.stringify(state) : "");
