import { on } from "../lib/bus.js";
import { isBlank } from "../lib/text.js";
import { setUnread as setTitle } from "../lib/title.js";
import { syncSoon } from "../realtime/live.js";
import { decorateRow, refreshTime, setOnline, setUnread } from "../render/row.js";
import { write } from "../render/slots.js";
import { isOnline, online } from "../stores/presence.js";
import { receiveDraft } from "../stores/synced-drafts.js";
import { moveFocus } from "./arrow-keys.js";
import { ChatRows } from "./chat-rows.js";
import { RowStatus } from "./row-status.js";
import { changeChat } from "./chat-menu.js";
import { filterRows } from "./filter.js";
import { addressed } from "./message-list/permalinks.js";
import { onNewDay } from "./new-day.js";
import { replay } from "./event-replay.js";
import { SearchFilters } from "./search-filters.js";

const REFRESH_AFTER = 200;
const SHORTEST_WAIT = 10_000;
/** What a timer can count to. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** The side bar. The rows of all chats are in it, if hidden, beside the contacts too, so that nothing is missed. */
class ChatList extends HTMLElement {
  late = [];

  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.rows = new ChatRows(this, this.userId, {
      shown: (row) => this.status.show(row),
      counted: () => this.count(),
      missing: () => this.refresh(),
      unsure: syncSoon,
    });
    this.searchFilters = new SearchFilters(this);
    this.status = new RowStatus(this.rows, (row) => this.rows.arrange(row));
    this.adopt(this.querySelectorAll("#chat-rows .row"));
    this.listen();
    replay(this.handlers);
    this.showPresence();
    this.showOpen();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.status.stop();
    clearTimeout(this.timer);
    clearTimeout(this.welcoming);
    clearTimeout(this.hearing);
  }

  listen() {
    this.handlers = {
      message: ({ message }) => this.rows.receive(message),
      "message-deleted": (gone) => this.rows.forget(gone),
      read: ({ readerId, peerId, seq }) => readerId === this.userId && this.rows.read(peerId, seq, true),
      chat: (chat) => this.update(chat),
      "read-here": ({ peerId, seq }) => this.rows.read(peerId, seq),
      presence: () => this.showPresence(),
      "conversation-opened": () => this.opened(),
      "chat-settings": (settings) => this.rows.keep(settings),
      group: (group) => this.rows.change(group),
      "group-left": ({ groupId, closed }) => this.rows.close(groupId, closed),
    };
    this.ends = [
      onNewDay(() => this.rows.all.forEach(refreshTime)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
    ];
    this.addEventListener("input", () => this.filter());
    this.addEventListener("click", (event) => this.clicked(event));
    this.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:beforeSwap", ({ target }) => this.leaveMore(target));
    for (const failure of ["responseError", "sendError", "timeout"]) {
      this.addEventListener(`htmx:${failure}`, (event) => this.searchFailed(event));
    }
    this.addEventListener("htmx:load", ({ target }) => this.welcome(target));
  }

  adopt(rows) {
    rows.forEach(decorateRow);
    this.rows.expire();
    rows.forEach(({ dataset }) => receiveDraft(dataset.peerId, dataset.draft && JSON.parse(dataset.draft)));
    this.status.refresh();
    this.count();
  }

  /** Rows that htmx brought: the whole list of chats, or some contacts. */
  welcome(target) {
    if (this.hadMore) target.querySelector(".row")?.focus({ preventScroll: true });
    this.hadMore = false;
    if (target.id === "chat-rows") {
      this.isFetching = false;
      this.adopt(target.querySelectorAll(".row"));
      replay(this.handlers);
      this.late.splice(0).forEach((chat) => this.rows.update(chat));
    }
    clearTimeout(this.welcoming);
    this.welcoming = setTimeout(() => {
      this.showPresence();
      this.showOpen();
    });
  }

  /** Whoever asked for more contacts goes on with the first of them. */
  leaveMore(target) {
    this.hadMore = target.matches(".more") && target.contains(document.activeElement);
  }

  /**
   * Somebody who is not in the list yet: the server knows the name and the picture. While it is asked already nothing is
   * to be done: whoever is missing then asks again, and rows that came for nothing would take the click that is on them.
   */
  refresh() {
    if (!this.isFetching) this.timer ||= setTimeout(() => this.fetchRows(), REFRESH_AFTER);
  }

  /** What is told while rows are fetched may be newer than they are. */
  update(chat) {
    this.rows.update(chat);
    if (this.isFetching) this.late.push(chat);
  }

  async fetchRows() {
    this.timer = 0;
    this.isFetching = true;
    const rows = () => this.querySelector("#chat-rows");
    const place = rows().scrollTop;
    // As a request of the list it would end that for a conversation. A failure is told already, by an event
    // of htmx; after the next sync it is tried again.
    await htmx.ajax("GET", "/chats/rows", { target: "#chat-rows", swap: "outerHTML" }).catch(() => {});
    this.isFetching = false;
    if (this.isConnected) rows().scrollTop = place;
  }

  count() {
    setUnread(this.querySelector("#tab-chats"), this.rows.unread);
    setTitle(this.rows.unread);
    this.filter();
    this.awaitSound();
  }

  /** Once something is to be heard again, the server knows what else changes by that. */
  awaitSound() {
    clearTimeout(this.hearing);
    const until = this.rows.mutedUntil;
    if (!until) return;
    const wait = Math.min(Math.max(Date.parse(until) - Date.now(), SHORTEST_WAIT), LONGEST_WAIT);
    this.hearing = setTimeout(() => this.refresh(), wait);
  }

  /** Until the socket has told who is online, what the server rendered stands. */
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
    const here = encodeURIComponent(location.pathname + location.search);
    this.querySelector(".sidebar__me a").search = `?next=${here}`;
    this.status.refresh();
    this.count();
  }

  /** On the contacts tab the server searches; here everything is at hand. */
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
    if (!hasChats || !list.hidden) this.showNone("");
    else this.showNone(isBlank(query) ? `empty-${folder}-template` : "nobody-template");
  }

  /** The way into the archive and out of it; whether there is one here. */
  showArchive(entry, isWanted) {
    const { archived } = this.rows;
    if (this.folder === "archived" && !archived) this.folder = "";
    const link = entry.firstElementChild;
    write(link.querySelector('[data-field="archived"]'), String(archived));
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
    write(link.querySelector("span"), String(requests));
  }

  /** All chats but the archived ones, or those of one kind: the links say which. */
  get folder() {
    return this.querySelector(".folders [aria-current]")?.dataset.folder ?? "archived";
  }

  set folder(name) {
    for (const link of this.querySelectorAll(".folders [data-folder]")) {
      if (link.dataset.folder === name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  clicked(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("[data-folder]");
    if (link) this.choose(event, link);
    else this.unmark(event.target.closest("#chat-rows .row[aria-current]"));
  }

  choose(event, link) {
    event.preventDefault();
    const isBack = link.hasAttribute("aria-current") && link.dataset.folder === "archived";
    this.folder = isBack ? "" : link.dataset.folder;
    this.filter();
    this.querySelector("#chat-rows").scrollTop = 0;
    if (!link.isConnected) this.querySelector(".folders a").focus();
  }

  /** Who opens it has seen what it was marked for. */
  unmark(row = this.querySelector("#chat-rows .row[aria-current]")) {
    if (row && "markedUnread" in row.dataset) changeChat(row.dataset.peerId, { markedUnread: false });
  }

  showNone(id) {
    const place = this.querySelector("#none-found");
    if (place.dataset.shown === id) return;
    place.dataset.shown = id;
    place.replaceChildren(...(id ? [document.getElementById(id).content.cloneNode(true)] : []));
    htmx.process(place);
  }

  /** Said where the hits would be, not to the page; what was chosen stays. */
  searchFailed(event) {
    const { target, elt } = event.detail;
    if (elt.id !== "filter" || target?.id !== "found") return;
    event.stopPropagation();
    const kept = [...target.querySelectorAll(".chips, .kinds")];
    target.replaceChildren(...kept, document.getElementById("search-failed-template").content.cloneNode(true));
  }

  /** The filter has done its work once somebody was found by it; messages stay. */
  opened() {
    const filter = this.querySelector("#filter");
    if (filter.value && document.querySelector(".conversation") && !addressed()) {
      filter.value = "";
      this.searchFilters.clear();
      // Contacts are asked for by an event as from the field's own cross.
      filter.dispatchEvent(new Event("search"));
    }
    this.showOpen();
    this.unmark();
  }

  steer(event) {
    if (!event.target.matches(".row, .hit, .suggestion, #filter, .archive a")) return;
    if (event.target.id === "filter" && event.key !== "ArrowDown") return;
    moveFocus(event, [...this.querySelectorAll(".archive a, a.row, .suggestion, a.hit")].filter((row) => row.checkVisibility()));
  }
}

customElements.define("chat-list", ChatList);
