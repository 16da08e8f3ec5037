import { on } from "../lib/bus.js";
import { setUnread as setTitle } from "../lib/title.js";
import { decorateRow, refreshTime, setOnline, setUnread } from "../render/row.js";
import { isOnline, online } from "../stores/presence.js";
import { moveFocus } from "./arrow-keys.js";
import { ChatRows } from "./chat-rows.js";
import { RowStatus } from "./row-status.js";
import { filterRows } from "./filter.js";
import { onNewDay } from "./new-day.js";
import { replay } from "./recent.js";

const REFRESH_AFTER = 200;

/** The side bar. The rows of all chats are in it, if hidden, beside the contacts too, so that nothing is missed. */
class ChatList extends HTMLElement {
  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.rows = new ChatRows(this, this.userId, {
      shown: (row) => this.status.show(row),
      counted: () => this.count(),
      missing: () => this.refresh(),
    });
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
  }

  listen() {
    this.handlers = {
      message: ({ message }) => this.rows.receive(message),
      "message-deleted": (gone) => this.rows.forget(gone),
      read: ({ readerId, peerId, seq }) => readerId === this.userId && this.rows.read(peerId, seq),
      chat: (chat) => this.rows.update(chat),
      seen: ({ peerId, seq }) => this.rows.read(peerId, seq),
      presence: () => this.showPresence(),
      opened: () => this.opened(),
      group: (group) => this.rows.change(group),
      "group-left": ({ groupId, closed }) => this.rows.close(groupId, closed),
    };
    this.ends = [
      onNewDay(() => this.rows.all.forEach(refreshTime)),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
    ];
    this.addEventListener("input", () => this.filter());
    this.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:beforeSwap", ({ target }) => this.leaveMore(target));
    this.addEventListener("htmx:load", ({ target }) => this.welcome(target));
  }

  adopt(rows) {
    rows.forEach(decorateRow);
    this.status.refresh();
    this.filter();
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
    list.hidden = true;
    if (this.querySelector("#contact-rows")) return;
    const found = filterRows(this.rows.all, this.querySelector("#filter").value);
    const hasChats = this.rows.all.length > 0;
    list.hidden = found === 0;
    this.querySelector("#no-chats").hidden = hasChats;
    this.showNobody(hasChats && found === 0);
  }

  showNobody(isShown) {
    const place = this.querySelector("#none-found");
    if (Boolean(place.firstElementChild) === isShown) return;
    const words = document.getElementById("nobody-template").content;
    place.replaceChildren(...(isShown ? [words.cloneNode(true)] : []));
    htmx.process(place);
  }

  /** The filter has done its work once somebody was found by it. */
  opened() {
    const filter = this.querySelector("#filter");
    if (filter.value && document.querySelector(".conversation")) {
      filter.value = "";
      // Contacts are asked for by an event as from the field's own cross.
      filter.dispatchEvent(new Event("search"));
      this.filter();
    }
    this.showOpen();
  }

  steer(event) {
    if (!event.target.matches(".row, #filter")) return;
    if (event.target.id === "filter" && event.key !== "ArrowDown") return;
    moveFocus(event, [...this.querySelectorAll("a.row")].filter((row) => row.checkVisibility()));
  }
}

customElements.define("chat-list", ChatList);
