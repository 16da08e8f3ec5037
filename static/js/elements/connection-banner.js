import { on } from "../lib/bus.js";
import { isOffline } from "./connection.js";
import { hasNewVersion } from "./new-version.js";

/** A line that says that there is no network, or that a new version of the site is available. */
class ConnectionBanner extends HTMLElement {
  connectedCallback() {
    this.cleanups = ["connection", "new-version"].map((name) => on(name, () => this.show()));
    this.replaceChildren();
    this.shown = "";
    this.show();
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
  }

  show() {
    const wanted = isOffline() ? "banner-template" : hasNewVersion() ? "new-version-template" : "";
    if (this.shown === wanted) return;
    this.shown = wanted;
    this.replaceChildren(...(wanted ? [document.getElementById(wanted).content.cloneNode(true)] : []));
  }
}

customElements.define("connection-banner", ConnectionBanner);
