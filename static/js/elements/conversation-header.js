import { on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { lastSeen, showTime } from "../lib/time.js";
import { slot, write } from "../render/slots.js";
import { isOnline, online } from "../stores/presence.js";
import { hasBeenLive, isOffline, isReconnecting } from "./connection.js";
import { onNewDay } from "./new-day.js";
import { pane } from "./panes.js";
import { Typists, typingWords } from "./typing-users.js";

/** Says whether the other one is online, or was when, or who is typing. The words are in the markup; this chooses. */
class ConversationHeader extends HTMLElement {
  connectedCallback() {
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.line = this.querySelector("[data-state]");
    this.isOnline = this.line.dataset.state === "online";
    this.wasLive = hasBeenLive();
    this.typing = [];
    this.typists = new Typists((typing) => this.show({ typing: typing.get(this.peerId) ?? [] }));
    this.ends = [
      on("presence", () => this.showOnline(isOnline(this.peerId))),
      on("connection", ({ state }) => this.follow(state)),
      on("people", () => this.show({})),
      on("chat", ({ _id, lastSeenAt }) => _id === this.peerId && lastSeenAt && this.showSeen(lastSeenAt)),
      on("privacy", ({ personId }) => this.followPrivacy(personId)),
      onNewDay(() => this.showSeen(this.seen?.dateTime)),
    ];
    this.showSeen(this.seen?.dateTime);
    if (online().size) this.show({ isOnline: isOnline(this.peerId) });
    else this.show({});
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.typists.stop();
  }

  get seen() {
    return slot(this, "last-seen");
  }

  /** In the reader's zone. */
  showSeen(moment) {
    if (moment) showTime(this.seen, moment, lastSeen(moment));
  }

  /** Who leaves before the reader's eyes was last seen just now. */
  showOnline(isThere) {
    if (this.isOnline && !isThere && "showsLastSeen" in this.dataset) this.showSeen(new Date().toISOString());
    this.show({ isOnline: isThere });
  }

  /** Who came and went meanwhile only the server knows. */
  follow(state) {
    const isBack = this.wasLive && this.wasAway && state === "live";
    this.wasLive ||= state === "live";
    this.wasAway = state !== "live";
    this.show({});
    if (isBack && !isGroup(this.peerId)) refreshHeader();
  }

  followPrivacy(personId) {
    const isOurs = personId === this.peerId || personId === document.body.dataset.userId;
    if (isOurs && !isGroup(this.peerId)) refreshHeader();
  }

  show(change) {
    Object.assign(this, change);
    this.line.dataset.state = this.state;
    if (isGroup(this.peerId)) write(slot(this, "typing"), typingWords(this.typing));
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

/** That messages disappear, in words; "" where they stay. */
export function showLifetime(pane, words) {
  const field = slot(pane, "lasts");
  field.hidden = !words;
  field.title = field.lastElementChild.textContent = words;
}

/** As the server has it now. */
export async function refreshHeader() {
  const header = pane().querySelector("conversation-header");
  if (!header) return;
  const query = location.search.includes("list=contacts") ? "?list=contacts" : "";
  const hadFocus = header.contains(document.activeElement);
  const how = { source: header, target: header, swap: "outerHTML show:none" };
  await htmx.ajax("GET", `/chat/${pane().dataset.peerId}/header${query}`, how).catch(() => {});
  if (hadFocus) pane().querySelector("h1")?.focus({ preventScroll: true });
}
