import { on } from "../lib/bus.js";
import { isOffline } from "./connection.js";

/** One quiet line while there is no network. */
class ConnectionBanner extends HTMLElement {
  connectedCallback() {
    this.end = on("connection", () => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.end();
  }

  show() {
    if (!isOffline()) return this.replaceChildren();
    const template = document.getElementById("banner-template");
    if (!this.firstElementChild) this.replaceChildren(template.content.cloneNode(true));
  }
}

customElements.define("connection-banner", ConnectionBanner);
