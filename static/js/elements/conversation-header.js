import { on } from "../lib/bus.js";
import { isGroup } from "../lib/peers.js";
import { write } from "../render/slots.js";
import { isOnline, online } from "../stores/presence.js";
import { isOffline, isReconnecting } from "./connection.js";
import { Typists, typingWords } from "./typists.js";

/** Says whether the other one is online, or who is typing in a group. The words are in the markup; this chooses. */
class ConversationHeader extends HTMLElement {
  connectedCallback() {
    this.peerId = this.closest(".conversation").dataset.peerId;
    this.line = this.querySelector("[data-state]");
    this.isOnline = this.line.dataset.state === "online";
    this.typing = [];
    this.typists = new Typists((typing) => this.show({ typing: typing.get(this.peerId) ?? [] }));
    this.ends = [
      on("presence", () => this.show({ isOnline: isOnline(this.peerId) })),
      on("connection", () => this.show({})),
      on("people", () => this.show({})),
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
    if (isGroup(this.peerId)) write(this.querySelector('[data-field="typing"]'), typingWords(this.typing));
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
