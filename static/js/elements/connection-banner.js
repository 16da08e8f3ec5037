import { on } from "../lib/bus.js";
import { isOffline } from "./connection.js";
import { hasNewVersion } from "./new-version.js";

/** One quiet line: that there is no network, or else a newer version of the site. */
class ConnectionBanner extends HTMLElement {
  connectedCallback() {
    this.ends = ["connection", "new-version"].map((name) => on(name, () => this.show()));
    this.replaceChildren();
    this.shown = "";
    this.show();
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
  }

  show() {
    const wanted = isOffline() ? "banner-template" : hasNewVersion() ? "new-version-template" : "";
    if (this.shown === wanted) return;
    this.shown = wanted;
    this.replaceChildren(...(wanted ? [document.getElementById(wanted).content.cloneNode(true)] : []));
  }
}

customElements.define("connection-banner", ConnectionBanner);
