// What one can do with a chat in the list: by the button of its row, the right button of a mouse, a long press, and by
// the context-menu key or Alt+Enter.
import { deleteJSON, patchJSON, putJSON } from "../api.js";
import { emit } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { text } from "../lib/texts.js";
import { markRead } from "../realtime/live.js";
import { isUnread, nameOf } from "../render/row.js";
import { itemsOf, openMenu, steerMenu } from "./menu.js";

const HELD_FOR = 500;
const MARGIN = 8;

const dialog = () => document.getElementById("chat-menu");
const rowAt = (element) => element.closest?.("#chat-rows a.row");
let row = null;
let button = null;
let timer = 0;
let wasHeld = false;

export function watchChatMenu() {
  document.addEventListener("contextmenu", asked);
  document.addEventListener("keydown", (event) => event.altKey && event.key === "Enter" && asked(event));
  for (const name of ["pointerover", "focusin"]) document.addEventListener(name, ({ target }) => offer(rowAt(target)));
  document.addEventListener("pointerdown", hold);
  for (const name of ["pointerup", "pointermove", "pointercancel"]) document.addEventListener(name, () => clearTimeout(timer));
  // Before the link is followed that was held.
  document.addEventListener("click", release, { capture: true });
  document.addEventListener("click", actHere);
  const menu = dialog();
  menu.addEventListener("click", chosen);
  menu.addEventListener("keydown", steer);
}

/** Sets what `change` says for the chat, on all devices of the reader. */
export const changeChat = (peerId, change) => keep(() => patchJSON(`/api/messages/chats/${peerId}`, change));

async function keep(call) {
  try {
    emit("chat-settings", await call());
  } catch (error) {
    emit("notice", { text: error.message, kind: "error" });
  }
}

function asked(event) {
  const at = rowAt(event.target);
  // With Shift the browser's own menu comes.
  if (!at || (event.shiftKey && event.button === 2)) return;
  event.preventDefault();
  open(at, { x: event.clientX, y: event.clientY });
}

/** One button for all rows: that of the row where the pointer or the focus is. */
function offer(at) {
  if (!at) return;
  button ??= makeButton();
  if (at.nextElementSibling !== button) at.after(button);
}

function makeButton() {
  // What a copy of the page had.
  document.querySelectorAll(".row__menu").forEach((old) => old.remove());
  const made = document.getElementById("row-menu-template").content.firstElementChild.cloneNode(true);
  made.addEventListener("click", () => open(made.previousElementSibling));
  return made;
}

/** Not every browser of a phone tells of a long press. */
function hold({ target, pointerType }) {
  wasHeld = false;
  clearTimeout(timer);
  const at = rowAt(target);
  if (!at || pointerType !== "touch") return;
  timer = setTimeout(() => {
    wasHeld = true;
    open(at);
  }, HELD_FOR);
}

function release(event) {
  if (!wasHeld || dialog().contains(event.target)) return;
  wasHeld = false;
  event.preventDefault();
  event.stopPropagation();
}

/** The menu of a chat beside another element, for which `list` chooses one of its two lists. */
export const openChatMenu = (peerId, anchor, list) => open(rowOf(peerId), { anchor, list });

/** Of a chat that is in the list. */
export const rowOf = (peerId) => document.getElementById(`chats-${peerId}`);

function open(at, { x = 0, y = 0, anchor = at, list = "" } = {}) {
  const menu = dialog();
  if (menu.open) return;
  row = at;
  menu.querySelector("h2").textContent = nameOf(row);
  const { peerId, pinnedAt, mutedUntil, archived, closed } = row.dataset;
  const blocked = closed === "blocked";
  const states = { pinned: pinnedAt, muted: mutedUntil, archived: archived !== undefined, unread: isUnread(row), member: isMember(row), blocked, blockable: !isGroup(peerId) && !blocked };
  for (const item of menu.querySelectorAll("[data-if], [data-unless]")) {
    item.hidden = item.dataset.if ? !states[item.dataset.if] : Boolean(states[item.dataset.unless]);
    if (isSaved(row) && "notSaved" in item.dataset) item.hidden = true;
  }
  show(list);
  openMenu(menu, ...placeOf(anchor, x, y));
}

/** Where the pointer is, else at the end of what it belongs to. */
function placeOf(anchor, x, y) {
  const { left, right, top, bottom, width } = anchor.getBoundingClientRect();
  const isAt = x >= left && x <= right && y >= top && y <= bottom && (x > 0 || y > 0);
  return isAt ? [new DOMRect(x, y)] : [new DOMRect(left, top + MARGIN, width), { atEnd: true }];
}

/** One of the two lists: what can be done, or for how long to mute. */
function show(name) {
  const lists = [...dialog().querySelectorAll('[role="menu"]')];
  for (const list of lists) list.hidden = (list.id === "chat-menu-mute") !== (name === "mute");
  itemsOf(dialog())[0]?.focus();
}

function chosen({ target }) {
  const item = target.closest("button");
  if (!item) {
    if (target === dialog()) dialog().close();
    return;
  }
  const { menu, change, value } = item.dataset;
  if (menu !== undefined) return show(menu);
  dialog().close();
  if (change === "read") read();
  else if (["delete", "block", "unblock"].includes(change)) act(change, row.dataset.peerId, nameOf(row));
  else changeChat(row.dataset.peerId, { [change]: JSON.parse(value) });
}

const isSaved = (row) => row.matches(".is-saved");

/** In a group, not out of it. */
const isMember = (row) => isGroup(row.dataset.peerId) && !isSaved(row) && ["", "admins"].includes(row.dataset.closed ?? "");

/** What is asked about first, and what is done with who is blocked or new, is fetched when it is wanted. */
async function act(name, peerId, peerName) {
  const menu = dialog();
  try {
    if (!menu.runAction) await import(menu.dataset.script);
    menu.runAction({ deleteJSON, emit, isMember, isSaved, keep, putJSON, rowOf }, name, peerId, peerName);
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}

/** In an open conversation whose composer is closed. */
function actHere(event) {
  const button = event.target.closest(".conversation [data-chat-action]");
  if (!button) return;
  event.preventDefault();
  const { peerId, peerName } = button.closest(".conversation").dataset;
  act(button.dataset.chatAction, peerId, peerName);
}

function read() {
  const { peerId, lastSeq, markedUnread } = row.dataset;
  const seq = Number(lastSeq);
  markRead(peerId, seq);
  emit("read-here", { peerId, seq });
  if (markedUnread !== undefined) changeChat(peerId, { markedUnread: false });
}

function steer(event) {
  const { menu } = event.target.dataset;
  if (event.key === "ArrowRight" && menu === "mute") show(menu);
  else if (event.key === "ArrowLeft" && !document.getElementById("chat-menu-mute").hidden) show("");
  else steerMenu(event, dialog());
}
