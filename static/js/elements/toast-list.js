import { on } from "../lib/bus.js";

const STAY = 5000;
const MOST = 3;

/** What just happened. Errors stay until somebody closes them. */
class ToastList extends HTMLElement {
  connectedCallback() {
    this.end = on("notice", (notice) => this.show(notice));
  }

  disconnectedCallback() {
    this.end();
  }

  show({ text, kind }) {
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.firstElementChild.textContent = text;
    toast.querySelector("button").addEventListener("click", () => toast.remove());
    this.append(toast);
    while (this.childElementCount > MOST) this.firstElementChild.remove();
    if (kind !== "error") setTimeout(() => toast.remove(), STAY);
  }
}

customElements.define("toast-list", ToastList);
