// Keeps the open conversation as it is now: of a group the name, who is in it, and whether one may write; of a person, whether
// the reader has blocked or not accepted them; of either, whether messages disappear.
import { emit, on } from "../lib/bus.js";
import { isGroup, peerOf } from "../lib/peers.js";
import { isolated } from "../lib/text.js";
import { text } from "../lib/texts.js";
import { closedBy } from "../render/row.js";
import { refreshHeader } from "./conversation-header.js";
import { closeDetails, isDetailsOpen, showDetails } from "./details.js";
import { pane } from "./panes.js";

const SOON = 100;
let timer = 0;

on("group", (group) => isOpen(group._id) && changed(group));
// Its frame may be older, or blank but for what the row has.
on("conversation-opened", () => isGroup(pane().dataset.peerId) && refresh());
on("group-left", ({ groupId, closed }) => isOpen(groupId) && left(closed));

// Messages disappear from now on, or stay.
on("message", ({ message }) => "seconds" in (message.system ?? {}) && isOpen(peerOf(message, document.body.dataset.userId)) && refreshSoon());

on("chat-settings", followBlock);
// Without its settings it tells of the chat only that it is empty.
on("chat", ({ _id, lastSeq, blocked, request }) => lastSeq !== undefined && followBlock({ peerId: _id, blocked, request }));

/** None is while the page changes. */
const isOpen = (id) => pane()?.dataset.peerId === id;

function changed({ fullName, closed }) {
  const { dataset } = pane();
  if (dataset.peerName !== fullName) rename(dataset.peerName, fullName);
  Object.assign(dataset, { peerName: fullName, closed });
  if (closed && closed !== "admins") closeDetails();
  refreshSoon();
}

function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, SOON);
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

function left(closed) {
  pane().dataset.closed = closed;
  closeDetails();
  emit("notice", { text: text(closed === "left" ? "left-group" : "removed-from-group"), kind: "info" });
  refresh();
}

function followBlock({ peerId, ...settings }) {
  if (!isOpen(peerId) || isGroup(peerId)) return;
  const { dataset } = pane();
  const closed = closedBy(settings);
  if (dataset.closed === closed) return;
  dataset.closed = closed;
  refresh();
}

/** What the server words better: the head of the conversation, and the details if they are open. */
async function refresh() {
  if (!pane().dataset.peerId) return;
  await refreshHeader();
  if (isDetailsOpen()) showDetails();
}
