import { on } from "../lib/bus.js";
import { isOnline, online } from "../stores/presence.js";
import { isOffline, isReconnecting } from "./connection.js";
import { Typists } from "./typists.js";

/** Says whether the other one is online or writing. The words are in the markup; this chooses. */
class ConversationHeader extends HTMLElement {
  connectedCallback() {
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.line = this.querySelector("[data-state]");
    this.isOnline = this.line.dataset.state === "online";
    this.typists = new Typists((ids) => this.show({ isTyping: ids.has(this.peerId) }));
    this.ends = [
      on("presence", () => this.show({ isOnline: isOnline(this.peerId) })),
      on("connection", () => this.show({})),
    ];
    if (online().size) this.show({ isOnline: isOnline(this.peerId) });
    else this.show({});
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
    this.typists.stop();
  }

  show(change) {
    Object.assign(this, change);
    this.line.dataset.state = this.state;
    this.querySelector(".avatar").classList.toggle("is-online", this.isOnline);
  }

  get state() {
    if (isOffline()) return "waiting";
    if (isReconnecting()) return "reconnecting";
    if (this.isTyping) return "typing";
    return this.isOnline ? "online" : "";
  }
}

customElements.define("conversation-header", ConversationHeader);
