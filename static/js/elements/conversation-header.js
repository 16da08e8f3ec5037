import { on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { lastSeen, showTime } from "../lib/time.js";
import { setText, slot } from "../render/slots.js";
import { isOnline, online } from "../stores/presence.js";
import { hasBeenLive, isOffline, isReconnecting } from "./connection.js";
import { onNewDay } from "./new-day.js";
import { pane } from "./panes.js";
import { typingText, TypingUsers } from "./typing-users.js";

/** Shows the peer's presence and who is typing. The texts are in the markup; this selects one. */
class ConversationHeader extends HTMLElement {
  connectedCallback() {
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.line = this.querySelector("[data-state]");
    this.isOnline = this.line.dataset.state === "online";
    this.wasLive = hasBeenLive();
    this.typing = [];
    this.typingUsers = new TypingUsers((typing) => this.show({ typing: typing.get(this.peerId) ?? [] }));
    this.cleanups = [
      on("presence", () => this.showOnline(isOnline(this.peerId))),
      on("connection", ({ state }) => this.onConnection(state)),
      on("people", () => this.show({})),
      on("chat", ({ _id, lastSeenAt }) => _id === this.peerId && lastSeenAt && this.showSeen(lastSeenAt)),
      on("privacy", ({ personId }) => this.onPrivacy(personId)),
      onNewDay(() => this.showSeen(this.seen?.dateTime)),
    ];
    this.showSeen(this.seen?.dateTime);
    if (online().size) this.show({ isOnline: isOnline(this.peerId) });
    else this.show({});
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
    this.typingUsers.stop();
  }

  get seen() {
    return slot(this, "last-seen");
  }

  /** In the reader's zone. */
  showSeen(moment) {
    if (moment) showTime(this.seen, moment, lastSeen(moment));
  }

  /** A peer who goes offline while this is open was last seen now. */
  showOnline(isNowOnline) {
    if (this.isOnline && !isNowOnline && "showsLastSeen" in this.dataset) this.showSeen(new Date().toISOString());
    this.show({ isOnline: isNowOnline });
  }

  /** After a reconnect, only the server knows when the peer was last seen. */
  onConnection(state) {
    const isBack = this.wasLive && this.wasAway && state === "live";
    this.wasLive ||= state === "live";
    this.wasAway = state !== "live";
    this.show({});
    if (isBack && !isGroup(this.peerId)) refreshHeader();
  }

  onPrivacy(personId) {
    const isOurs = personId === this.peerId || personId === document.body.dataset.userId;
    if (isOurs && !isGroup(this.peerId)) refreshHeader();
  }

  show(change) {
    Object.assign(this, change);
    this.line.dataset.state = this.state;
    if (isGroup(this.peerId)) setText(slot(this, "typing"), typingText(this.typing));
    this.querySelector(".avatar").classList.toggle("is-online", this.isOnline);
  }

  get state() {
    if (isOffline()) return "waiting";
    if (isReconnecting()) return "reconnecting";
    if (this.typing.length) return "typing";
    return this.isOnline ? "online" : "";
  }
}

customElements.define("conversation-header", ConversationHeader);

/** Shows that messages disappear; "" if they do not. */
export function showLifetime(pane, text) {
  const field = slot(pane, "lasts");
  field.hidden = !text;
  field.title = field.lastElementChild.textContent = text;
}

/** Loads the header again. */
export async function refreshHeader() {
  const header = pane().querySelector("conversation-header");
  if (!header) return;
  const query = location.search.includes("list=contacts") ? "?list=contacts" : "";
  const hadFocus = header.contains(document.activeElement);
  const options = { source: header, target: header, swap: "outerHTML show:none" };
  await htmx.ajax("GET", `/chat/${pane().dataset.peerId}/header${query}`, options).catch(() => {});
  if (hadFocus) pane().querySelector("h1")?.focus({ preventScroll: true });
}
