// The menu of a chat in the list: opened by the button in its row, a right click, a long press, the context-menu key or Alt+Enter.
import { deleteJSON, patchJSON, putJSON } from "../api.js";
import { emit } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { text } from "../lib/texts.js";
import { markRead } from "../realtime/live.js";
import { isUnread, nameOf } from "../render/row.js";
import { handleMenuKey, itemsOf, openMenu } from "./menu.js";

const LONG_PRESS = 500;
const MARGIN = 8;

const dialog = () => document.getElementById("chat-menu");
const rowAt = (element) => element.closest?.("#chat-rows a.row");
let row = null;
let button = null;
let timer = 0;
let wasLongPress = false;

export function watchChatMenu() {
  document.addEventListener("contextmenu", onContextMenu);
  document.addEventListener("keydown", (event) => event.altKey && event.key === "Enter" && onContextMenu(event));
  for (const name of ["pointerover", "focusin"]) document.addEventListener(name, ({ target }) => showButton(rowAt(target)));
  document.addEventListener("pointerdown", startLongPress);
  for (const name of ["pointerup", "pointermove", "pointercancel"]) document.addEventListener(name, () => clearTimeout(timer));
  // Before the click of a long press follows the link.
  document.addEventListener("click", suppressClick, { capture: true });
  document.addEventListener("click", onActionClick);
  const menu = dialog();
  menu.addEventListener("click", onMenuClick);
  menu.addEventListener("keydown", onKeydown);
}

/** Changes the reader's settings for a chat, on all their devices. */
export const updateChatSettings = (peerId, change) => applySettings(() => patchJSON(`/api/messages/chats/${peerId}`, change));

async function applySettings(call) {
  try {
    emit("chat-settings", await call());
  } catch (error) {
    emit("notice", { text: error.message, kind: "error" });
  }
}

function onContextMenu(event) {
  const at = rowAt(event.target);
  // Shift opens the browser's own menu.
  if (!at || (event.shiftKey && event.button === 2)) return;
  event.preventDefault();
  open(at, { x: event.clientX, y: event.clientY });
}

/** A single button, moved to the row that has the pointer or the focus. */
function showButton(at) {
  if (!at) return;
  button ??= makeButton();
  if (at.nextElementSibling !== button) at.after(button);
}

function makeButton() {
  // Buttons left in a cached copy of the page.
  document.querySelectorAll(".row__menu").forEach((old) => old.remove());
  const made = document.getElementById("row-menu-template").content.firstElementChild.cloneNode(true);
  made.addEventListener("click", () => open(made.previousElementSibling));
  return made;
}

/** Not every mobile browser fires `contextmenu` on a long press. */
function startLongPress({ target, pointerType }) {
  wasLongPress = false;
  clearTimeout(timer);
  const at = rowAt(target);
  if (!at || pointerType !== "touch") return;
  timer = setTimeout(() => {
    wasLongPress = true;
    open(at);
  }, LONG_PRESS);
}

function suppressClick(event) {
  if (!wasLongPress || dialog().contains(event.target)) return;
  wasLongPress = false;
  event.preventDefault();
  event.stopPropagation();
}

/** Opens the menu of a chat beside `anchor`, with one of its two lists. */
export const openChatMenu = (peerId, anchor, list) => open(rowOf(peerId), { anchor, list });

/** The row of a chat in the list. */
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
  openMenu(menu, ...anchorRect(anchor, x, y));
}

/** Where to open the menu: at the pointer, or else at the end of the anchor. */
function anchorRect(anchor, x, y) {
  const { left, right, top, bottom, width } = anchor.getBoundingClientRect();
  const isAt = x >= left && x <= right && y >= top && y <= bottom && (x > 0 || y > 0);
  return isAt ? [new DOMRect(x, y)] : [new DOMRect(left, top + MARGIN, width), { atEnd: true }];
}

/** Shows one of the two lists: the actions, or how long to mute. */
function show(name) {
  const lists = [...dialog().querySelectorAll('[role="menu"]')];
  for (const list of lists) list.hidden = (list.id === "chat-menu-mute") !== (name === "mute");
  itemsOf(dialog())[0]?.focus();
}

function onMenuClick({ target }) {
  const item = target.closest("button");
  if (!item) {
    if (target === dialog()) dialog().close();
    return;
  }
  const { menu, change, value } = item.dataset;
  if (menu !== undefined) return show(menu);
  dialog().close();
  if (change === "read") markChatRead();
  else if (["delete", "block", "unblock"].includes(change)) runAction(change, row.dataset.peerId, nameOf(row));
  else updateChatSettings(row.dataset.peerId, { [change]: JSON.parse(value) });
}

const isSaved = (row) => row.matches(".is-saved");

/** Whether the reader is a member of this group. */
const isMember = (row) => isGroup(row.dataset.peerId) && !isSaved(row) && ["", "admins"].includes(row.dataset.closed ?? "");

/** The script with these actions is loaded with the first of them. */
async function runAction(name, peerId, peerName) {
  const menu = dialog();
  try {
    if (!menu.runAction) await import(menu.dataset.script);
    menu.runAction({ deleteJSON, emit, isMember, isSaved, applySettings, putJSON, rowOf }, name, peerId, peerName);
  } catch {
    emit("notice", { text: text("load-failed"), kind: "error" });
  }
}

/** The buttons in place of a closed composer. */
function onActionClick(event) {
  const button = event.target.closest(".conversation [data-chat-action]");
  if (!button) return;
  event.preventDefault();
  const { peerId, peerName } = button.closest(".conversation").dataset;
  runAction(button.dataset.chatAction, peerId, peerName);
}

function markChatRead() {
  const { peerId, lastSeq, markedUnread } = row.dataset;
  const seq = Number(lastSeq);
  markRead(peerId, seq);
  emit("read-here", { peerId, seq });
  if (markedUnread !== undefined) updateChatSettings(peerId, { markedUnread: false });
}

function onKeydown(event) {
  const { menu } = event.target.dataset;
  if (event.key === "ArrowRight" && menu === "mute") show(menu);
  else if (event.key === "ArrowLeft" && !document.getElementById("chat-menu-mute").hidden) show("");
  else handleMenuKey(event, dialog());
}
