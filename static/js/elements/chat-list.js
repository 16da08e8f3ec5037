import { on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { setUnread as setTitle } from "../lib/title.js";
import { syncSoon } from "../realtime/live.js";
import { decorateRow, refreshTime, setOnline, setUnread } from "../render/row.js";
import { setText } from "../render/slots.js";
import { isOnline, online } from "../stores/presence.js";
import { receiveDraft } from "../stores/synced-drafts.js";
import { moveFocus } from "./arrow-keys.js";
import { ChatRows } from "./chat-rows.js";
import { RowStatus } from "./row-status.js";
import { updateChatSettings } from "./chat-menu.js";
import { filterRows } from "./filter.js";
import { linkedMessageId } from "./message-list/permalinks.js";
import { onNewDay } from "./new-day.js";
import { replay } from "./event-replay.js";
import { SearchFilters } from "./search-filters.js";

const REFRESH_DELAY = 200;
const MIN_DELAY = 10_000;
/** The longest delay of a timer. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** The side bar. It always has the rows of all chats, hidden beside the contacts, so that they stay up to date. */
class ChatList extends HTMLElement {
  pendingUpdates = [];

  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.rows = new ChatRows(this, this.userId, {
      previewChanged: (row) => this.status.show(row),
      countsChanged: () => this.updateCounts(),
      rowMissing: () => this.refresh(),
      countsUncertain: syncSoon,
    });
    this.searchFilters = new SearchFilters(this);
    this.status = new RowStatus(this.rows, (row) => this.rows.reposition(row));
    this.initRows(this.querySelectorAll("#chat-rows .row"));
    this.listen();
    replay(this.handlers);
    this.showPresence();
    this.showOpen();
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
    this.status.stop();
    clearTimeout(this.timer);
    clearTimeout(this.showTimer);
    clearTimeout(this.unmuteTimer);
  }

  listen() {
    this.handlers = {
      message: ({ message }) => this.rows.onMessage(message),
      "message-deleted": (gone) => this.rows.onDeleted(gone),
      read: ({ readerId, peerId, seq }) => readerId === this.userId && this.rows.markRead(peerId, seq, true),
      chat: (chat) => this.update(chat),
      "read-here": ({ peerId, seq }) => this.rows.markRead(peerId, seq),
      presence: () => this.showPresence(),
      "conversation-opened": () => this.onConversationOpened(),
      "chat-settings": (settings) => this.rows.applySettings(settings),
      group: (group) => this.rows.onGroup(group),
      "group-left": ({ groupId, closed }) => this.rows.setClosed(groupId, closed),
    };
    this.cleanups = [
      onNewDay(() => this.rows.all.forEach(refreshTime)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
    ];
    this.addEventListener("input", () => this.filter());
    this.addEventListener("click", (event) => this.onClick(event));
    this.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.onKeydown(event));
    this.addEventListener("htmx:beforeSwap", ({ target }) => this.onBeforeSwap(target));
    for (const failure of ["responseError", "sendError", "timeout"]) {
      this.addEventListener(`htmx:${failure}`, (event) => this.onSearchFailed(event));
    }
    this.addEventListener("htmx:load", ({ target }) => this.onLoad(target));
  }

  initRows(rows) {
    rows.forEach(decorateRow);
    this.rows.expire();
    rows.forEach(({ dataset }) => receiveDraft(dataset.peerId, dataset.draft && JSON.parse(dataset.draft)));
    this.status.refresh();
    this.updateCounts();
  }

  /** htmx has loaded rows: the whole list of chats, or some contacts. */
  onLoad(target) {
    if (this.hadMoreFocus) target.querySelector(".row")?.focus({ preventScroll: true });
    this.hadMoreFocus = false;
    if (target.id === "chat-rows") {
      this.isFetching = false;
      this.initRows(target.querySelectorAll(".row"));
      replay(this.handlers);
      this.pendingUpdates.splice(0).forEach((chat) => this.rows.update(chat));
    }
    clearTimeout(this.showTimer);
    this.showTimer = setTimeout(() => {
      this.showPresence();
      this.showOpen();
    });
  }

  /** Notes whether the focus is on the link for more contacts: it moves to the first of them. */
  onBeforeSwap(target) {
    this.hadMoreFocus = target.matches(".more") && target.contains(document.activeElement);
  }

  /**
   * Fetches the rows when a chat has none yet: the server knows its name and picture. Nothing to do while they are being fetched: a
   * row that is still missing asks again, and replacing rows needlessly would break a click on them.
   */
  refresh() {
    if (!this.isFetching) this.timer ||= setTimeout(() => this.fetchRows(), REFRESH_DELAY);
  }

  /** Updates that arrive while rows are fetched may be newer than those rows. */
  update(chat) {
    this.rows.update(chat);
    if (this.isFetching) this.pendingUpdates.push(chat);
  }

  async fetchRows() {
    this.timer = 0;
    this.isFetching = true;
    const rows = () => this.querySelector("#chat-rows");
    const { scrollTop } = rows();
    // Without a source, since a request of the list would abort that for a conversation. htmx's event reports a failure; the next
    // sync retries.
    await htmx.ajax("GET", "/chats/rows", { target: "#chat-rows", swap: "outerHTML" }).catch(() => {});
    this.isFetching = false;
    if (this.isConnected) rows().scrollTop = scrollTop;
  }

  updateCounts() {
    setUnread(this.querySelector("#tab-chats"), this.rows.unread);
    setTitle(this.rows.unread);
    this.filter();
    this.scheduleUnmute();
  }

  /** When a mute ends, the server knows what else changes, so fetch the rows. */
  scheduleUnmute() {
    clearTimeout(this.unmuteTimer);
    const until = this.rows.mutedUntil;
    if (!until) return;
    const wait = Math.min(Math.max(Date.parse(until) - Date.now(), MIN_DELAY), MAX_TIMEOUT);
    this.unmuteTimer = setTimeout(() => this.refresh(), wait);
  }

  /** Until the socket has reported who is online, the server-rendered state stays. */
  showPresence() {
    if (!online().size) return;
    this.querySelectorAll("a.row").forEach((row) => setOnline(row, isOnline(row.dataset.peerId)));
  }

  showOpen() {
    const { peerId } = document.getElementById("conversation").dataset;
    for (const row of this.querySelectorAll("a.row")) {
      if (row.dataset.peerId === peerId) row.setAttribute("aria-current", "page");
      else row.removeAttribute("aria-current");
    }
    const address = encodeURIComponent(location.pathname + location.search);
    this.querySelector(".sidebar__me a").search = `?next=${address}`;
    this.status.refresh();
    this.updateCounts();
  }

  /** On the contacts tab the server filters; the chats are all here. */
  filter() {
    const list = this.querySelector("#chat-rows");
    if (this.querySelector("#contact-rows")) return (list.hidden = true);
    const query = this.querySelector("#filter").value;
    this.showRequests();
    const hasArchive = this.showArchive(list.querySelector(".archive"), isBlank(query));
    const { folder } = this;
    list.hidden = filterRows(this.rows.all, query, folder) === 0 && !hasArchive;
    const hasChats = this.rows.all.length > this.rows.requests || folder === "requests";
    this.querySelector("#no-chats").hidden = hasChats;
    if (!hasChats || !list.hidden) this.showEmptyState("");
    else this.showEmptyState(isBlank(query) ? `empty-${folder}-template` : "nobody-template");
  }

  /** Updates the link into and out of the archive; returns whether it is shown. */
  showArchive(entry, isWanted) {
    const { archived } = this.rows;
    if (this.folder === "archived" && !archived) this.folder = "";
    const link = entry.firstElementChild;
    setText(link.querySelector('[data-field="archived"]'), String(archived));
    link.querySelector('[data-field="mentions"]').hidden = !this.rows.archivedMentions;
    if (this.folder === "archived") link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    entry.hidden = !archived || !isWanted || !["", "archived"].includes(this.folder);
    return !entry.hidden;
  }

  showRequests() {
    const { requests } = this.rows;
    if (this.folder === "requests" && !requests) this.folder = "";
    const link = this.querySelector('[data-folder="requests"]');
    link.hidden = !requests;
    setText(link.querySelector("span"), String(requests));
  }

  /** The selected folder, from the links; "" is all chats except archived ones. */
  get folder() {
    return this.querySelector(".folders [aria-current]")?.dataset.folder ?? "archived";
  }

  set folder(name) {
    for (const link of this.querySelectorAll(".folders [data-folder]")) {
      if (link.dataset.folder === name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  onClick(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("[data-folder]");
    if (link) this.selectFolder(event, link);
    else this.clearMarkedUnread(event.target.closest("#chat-rows .row[aria-current]"));
  }

  selectFolder(event, link) {
    event.preventDefault();
    const isBack = link.hasAttribute("aria-current") && link.dataset.folder === "archived";
    this.folder = isBack ? "" : link.dataset.folder;
    this.filter();
    this.querySelector("#chat-rows").scrollTop = 0;
    if (!link.isConnected) this.querySelector(".folders a").focus();
  }

  /** Opening a chat clears its unread mark. */
  clearMarkedUnread(row = this.querySelector("#chat-rows .row[aria-current]")) {
    if (row && "markedUnread" in row.dataset) updateChatSettings(row.dataset.peerId, { markedUnread: false });
  }

  showEmptyState(id) {
    const element = this.querySelector("#none-found");
    if (element.dataset.shown === id) return;
    element.dataset.shown = id;
    element.replaceChildren(...(id ? [document.getElementById(id).content.cloneNode(true)] : []));
    htmx.process(element);
  }

  /** Shows the failure in place of the hits, and keeps the filters. */
  onSearchFailed(event) {
    const { target, elt } = event.detail;
    if (elt.id !== "filter" || target?.id !== "found") return;
    event.stopPropagation();
    const kept = [...target.querySelectorAll(".chips, .kinds")];
    target.replaceChildren(...kept, document.getElementById("search-failed-template").content.cloneNode(true));
  }

  /** Clears the filter once a chat was opened by it; message hits stay. */
  onConversationOpened() {
    const filter = this.querySelector("#filter");
    if (filter.value && document.querySelector(".conversation") && !linkedMessageId()) {
      filter.value = "";
      this.searchFilters.clear();
      // The event that the field's own clear button fires, on which contacts are fetched.
      filter.dispatchEvent(new Event("search"));
    }
    this.showOpen();
    this.clearMarkedUnread();
  }

  onKeydown(event) {
    if (!event.target.matches(".row, .hit, .suggestion, #filter, .archive a")) return;
    if (event.target.id === "filter" && event.key !== "ArrowDown") return;
    moveFocus(event, [...this.querySelectorAll(".archive a, a.row, .suggestion, a.hit")].filter((row) => row.checkVisibility()));
  }
}

customElements.define("chat-list", ChatList);
