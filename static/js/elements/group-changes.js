// Keeps the open conversation up to date: a group's name, members and who can post; whether a person is blocked or not accepted
// yet; for both, whether messages disappear.
import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { isolated } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { closedBy } from "../render/row.js";
import { refreshHeader } from "./conversation-header.js";
import { closeDetails, isDetailsOpen, showDetails } from "./details.js";
import { pane } from "./panes.js";

const DELAY = 100;
let timer = 0;

on("group", (group) => isOpen(group._id) && onGroup(group));
// A cached pane may be outdated, and a new one only has what the row has.
on("conversation-opened", () => isGroup(pane().dataset.peerId) && refresh());
on("group-left", ({ groupId, closed }) => isOpen(groupId) && onGroupLeft(closed));

// The lifetime of messages was changed.
on("message", ({ message }) => "seconds" in (message.system ?? {}) && isOpen(peerOf(message, document.body.dataset.userId)) && refreshSoon());

on("chat-settings", onChatSettings);
// Without `lastSeq` the event only says that the chat is empty.
on("chat", ({ _id, lastSeq, blocked, request }) => lastSeq !== undefined && onChatSettings({ peerId: _id, blocked, request }));

/** There may be no pane while the page changes. */
const isOpen = (id) => pane()?.dataset.peerId === id;

function onGroup({ fullName, closed }) {
  const { dataset } = pane();
  if (dataset.peerName !== fullName) rename(dataset.peerName, fullName);
  Object.assign(dataset, { peerName: fullName, closed });
  if (closed && closed !== "admins") closeDetails();
  refreshSoon();
}

function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, DELAY);
}

function rename(before, now) {
  document.title = `${isolated(now)} · Chatsite`;
  for (const element of pane().querySelectorAll("message-list, textarea")) {
    for (const name of ["aria-label", "placeholder"]) {
      const words = element.getAttribute(name)?.replace(isolated(before), () => isolated(now));
      if (words) element.setAttribute(name, words);
    }
  }
}

function onGroupLeft(closed) {
  pane().dataset.closed = closed;
  closeDetails();
  emit("notice", { text: text(closed === "left" ? "left-group" : "removed-from-group"), kind: "info" });
  refresh();
}

function onChatSettings({ peerId, ...settings }) {
  if (!isOpen(peerId) || isGroup(peerId)) return;
  const { dataset } = pane();
  const closed = closedBy(settings);
  if (dataset.closed === closed) return;
  dataset.closed = closed;
  refresh();
}

/** Loads the server-rendered parts again: the header, and the details if they are open. */
async function refresh() {
  if (!pane().dataset.peerId) return;
  await refreshHeader();
  if (isDetailsOpen()) showDetails();
}
