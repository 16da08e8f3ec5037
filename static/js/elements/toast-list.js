import { on } from "../lib/bus.js";

const DURATIONS = { info: 5000, error: 12_000 };
const MAX_TOASTS = 3;

/** Shows notices for a while, or for as long as they have the pointer or focus. Errors disappear once something succeeds. */
class ToastList extends HTMLElement {
  connectedCallback() {
    const { userId } = document.body.dataset;
    this.onFileChosen = ({ target }) => target.matches("[type=file]") && this.clear();
    // Before other handlers, whose notices about the file must stay.
    document.addEventListener("change", this.onFileChosen, { capture: true });
    this.addEventListener("focusin", ({ relatedTarget }) => this.rememberFocus(relatedTarget));
    this.cleanups = [
      on("notice", (notice) => this.show(notice)),
      on("outbox", ({ change }) => change === "failed" || this.clear()),
      on("message", ({ message }) => message.senderId === userId && this.clear()),
      on("connection", ({ state }) => state === "live" && this.clear()),
      () => document.removeEventListener("change", this.onFileChosen, { capture: true }),
    ];
  }

  disconnectedCallback() {
    this.cleanups.forEach((cleanup) => cleanup());
  }

  /** `action` is `{label, run}`, for a button; `duration` is in milliseconds. */
  show({ text, kind, action, duration = DURATIONS[kind] }) {
    // Notices with an action differ in what it does, so they are kept.
    if (!action) [...this.children].filter((each) => textOf(each).textContent === text).forEach((each) => each.remove());
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    textOf(toast).textContent = text;
    toast.dataset.kind = kind;
    const [actionButton, closeButton] = toast.querySelectorAll("button");
    closeButton.addEventListener("click", () => this.close(toast));
    if (action) this.showAction(actionButton, action, toast);
    this.append(toast);
    while (this.childElementCount > MAX_TOASTS) this.firstElementChild.remove();
    this.scheduleRemoval(toast, duration);
  }

  showAction(button, { label, run }, toast) {
    button.textContent = label;
    button.hidden = false;
    button.addEventListener("click", () => {
      this.close(toast);
      run();
    });
  }

  scheduleRemoval(toast, duration) {
    setTimeout(() => (toast.matches(":hover, :focus-within") ? this.scheduleRemoval(toast, duration) : toast.remove()), duration);
  }

  clear() {
    this.querySelectorAll('[data-kind="error"]:not(:focus-within)').forEach((toast) => toast.remove());
  }

  rememberFocus(element) {
    if (!this.contains(element)) this.before = element;
  }

  /** Returns the focus to where it came from. */
  close(toast) {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) (this.before?.isConnected ? this.before : document.querySelector("#conversation h1")).focus();
  }
}

const textOf = (toast) => toast.firstElementChild;

customElements.define("toast-list", ToastList);
