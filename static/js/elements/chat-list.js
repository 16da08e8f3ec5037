import { on } from "../lib/bus.js";
import { setUnread as setTitle } from "../lib/title.js";
import { decorateRow, refreshTime, setOnline, setUnread } from "../render/row.js";
import { isOnline, online } from "../stores/presence.js";
import { moveFocus } from "./arrow-keys.js";
import { ChatRows } from "./chat-rows.js";
import { Covers } from "./covers.js";
import { filterRows } from "./filter.js";
import { replay } from "./recent.js";

const REFRESH_AFTER = 200;

/** The side bar. The rows of all chats are in it, if hidden, beside the contacts too, so that nothing is missed. */
class ChatList extends HTMLElement {
  connectedCallback() {
    this.userId = document.body.dataset.userId;
    this.rows = new ChatRows(this, this.userId, {
      shown: (row) => this.covers.show(row),
      counted: () => this.count(),
      missing: () => this.refresh(),
    });
    this.covers = new Covers(() => this.rows.all);
    this.adopt(this.querySelectorAll("#chat-rows .row"));
    this.listen();
    replay(this.handlers);
    this.showPresence();
    this.showOpen();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.covers.stop();
    clearTimeout(this.timer);
    clearTimeout(this.welcoming);
  }

  listen() {
    const refresh = () => document.hidden || this.rows.all.forEach(refreshTime);
    document.addEventListener("visibilitychange", refresh);
    this.handlers = {
      message: ({ message }) => this.rows.receive(message),
      "message-deleted": (gone) => this.rows.forget(gone),
      read: ({ readerId, peerId, seq }) => readerId === this.userId && this.rows.read(peerId, seq),
      chat: (chat) => this.rows.update(chat),
      seen: ({ peerId, seq }) => this.rows.read(peerId, seq),
      presence: () => this.showPresence(),
      opened: () => this.showOpen(),
    };
    this.ends = [
      () => document.removeEventListener("visibilitychange", refresh),
      ...Object.entries(this.handlers).map(([name, handler]) => on(name, handler)),
    ];
    this.addEventListener("input", () => this.filter());
    this.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.steer(event));
    this.addEventListener("htmx:load", ({ target }) => this.welcome(target));
  }

  adopt(rows) {
    rows.forEach(decorateRow);
    this.covers.refresh();
    this.covers.look();
    this.filter();
    this.count();
  }

  /** Rows that htmx brought: the whole list of chats, or some contacts. */
  welcome(target) {
    if (target.id === "chat-rows") {
      this.adopt(target.querySelectorAll(".row"));
      replay(this.handlers);
    }
    clearTimeout(this.welcoming);
    this.welcoming = setTimeout(() => {
      this.showPresence();
      this.showOpen();
    });
  }

  /** Somebody who is not in the list yet: the server knows the name and the picture. */
  refresh() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      htmx.ajax("GET", "/chats/rows", { target: "#chat-rows", swap: "outerHTML", source: "#chat-rows" });
    }, REFRESH_AFTER);
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
    const peerId = document.querySelector(".conversation")?.dataset.peerId;
    for (const row of this.querySelectorAll("a.row")) {
      if (row.dataset.peerId === peerId) row.setAttribute("aria-current", "page");
      else row.removeAttribute("aria-current");
    }
    this.covers.refresh();
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
    this.querySelector("#none-found").hidden = !hasChats || found > 0;
  }

  steer(event) {
    if (!event.target.matches(".row, #filter")) return;
    if (event.target.id === "filter" && event.key !== "ArrowDown") return;
    moveFocus(event, [...this.querySelectorAll("a.row")].filter((row) => row.checkVisibility()));
  }
}

customElements.define("chat-list", ChatList);
