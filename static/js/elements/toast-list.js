import { on } from "../lib/bus.js";

const STAY = { info: 5000, error: 12_000 };
const MOST = 3;

/** What just happened. An error leaves with its cause; none stays for long, unless somebody is at it. */
class ToastList extends HTMLElement {
  connectedCallback() {
    const { userId } = document.body.dataset;
    this.choose = ({ target }) => target.matches("[type=file]") && this.clear();
    // First of all, so that what is said about the file stays.
    document.addEventListener("change", this.choose, { capture: true });
    this.addEventListener("focusin", ({ relatedTarget }) => this.remember(relatedTarget));
    this.ends = [
      on("notice", (notice) => this.show(notice)),
      on("outbox", ({ change }) => change === "failed" || this.clear()),
      on("message", ({ message }) => message.senderId === userId && this.clear()),
      on("connection", ({ state }) => state === "live" && this.clear()),
      () => document.removeEventListener("change", this.choose, { capture: true }),
    ];
  }

  disconnectedCallback() {
    this.ends.forEach((end) => end());
  }

  /** `action` is `{words, run}`: a button of its own, for as long as `stay` says. */
  show({ text, kind, action, stay = STAY[kind] }) {
    // What can be undone differs from one to the next.
    if (!action) [...this.children].filter((each) => textOf(each).textContent === text).forEach((each) => each.remove());
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    textOf(toast).textContent = text;
    toast.dataset.kind = kind;
    const [act, close] = toast.querySelectorAll("button");
    close.addEventListener("click", () => this.close(toast));
    if (action) this.offer(act, action, toast);
    this.append(toast);
    while (this.childElementCount > MOST) this.firstElementChild.remove();
    this.wait(toast, stay);
  }

  offer(button, { words, run }, toast) {
    button.textContent = words;
    button.hidden = false;
    button.addEventListener("click", () => {
      this.close(toast);
      run();
    });
  }

  wait(toast, stay) {
    setTimeout(() => (toast.matches(":hover, :focus-within") ? this.wait(toast, stay) : toast.remove()), stay);
  }

  clear() {
    this.querySelectorAll('[data-kind="error"]:not(:focus-within)').forEach((toast) => toast.remove());
  }

  remember(element) {
    if (!this.contains(element)) this.before = element;
  }

  /** The focus goes back to where it came from. */
  close(toast) {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) (this.before?.isConnected ? this.before : document.querySelector("#conversation h1")).focus();
  }
}

const textOf = (toast) => toast.firstElementChild;

customElements.define("toast-list", ToastList);
