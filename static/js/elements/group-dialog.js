// The dialog for creating and editing groups, adding people, receipts, forwarding and reports. The server renders its content.
import { patchJSON, postJSON } from "../api.js";
import { setBusy, setIdle } from "../busy.js";
import { emit } from "../lib/bus.js";
import { newClientId } from "../lib/ids.js";
import { shrinkPicture } from "../lib/shrink.js";
import { text } from "../lib/texts.js";
import { Chooser } from "./chooser.js";

const CALLS = { POST: postJSON, PATCH: patchJSON };
const dialog = () => document.getElementById("group-dialog");

export async function openDialog(path) {
  // With a source of its own, htmx does not queue or drop it for another request. `settle:0ms` makes the search field work from
  // the first letter.
  const options = { source: "#group-dialog", target: "#group-dialog", swap: "innerHTML show:none settle:0ms" };
  await htmx.ajax("GET", path, options).catch(() => {});
  if (!dialog().firstElementChild) return;
  dialog().onclose = () => dialog().open || dialog().replaceChildren();
  if (!dialog().open) dialog().showModal();
  const form = dialog().querySelector(".group-form");
  if (form) new GroupForm(form);
}

class GroupForm {
  #form;
  /** Null without people to choose. */
  #chooser;
  /** Null to keep the picture, "" to remove it. */
  #picture = null;
  #hadPicture;
  /** Retrying after a lost response creates no second group. */
  #clientGroupId = newClientId();

  constructor(form) {
    this.#form = form;
    this.#hadPicture = Boolean(this.#removeButton && !this.#removeButton.hidden);
    this.#removeButton?.addEventListener("click", () => this.#removePicture());
    this.#chooser = form.querySelector(".chooser") && new Chooser(form);
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("change", ({ target }) => target.type === "file" && target.files.length && this.#choosePicture(target.files[0]));
    form.addEventListener("click", ({ target }) => target.closest("[data-close]") && dialog().close());
  }

  async #choosePicture(file) {
    try {
      this.#picture = (await shrinkPicture(file)).dataUrl;
    } catch (error) {
      return showProblem(this.#form, error.message);
    }
    Object.assign(this.#image, { src: this.#picture, hidden: false });
    this.#removeButton.hidden = false;
  }

  #removePicture() {
    const { initials } = this.#image.dataset;
    const file = this.#form.querySelector("[type=file]");
    this.#picture = this.#hadPicture ? "" : null;
    if (initials) this.#image.src = initials;
    else this.#image.hidden = true;
    this.#removeButton.hidden = true;
    file.value = "";
    file.focus();
  }

  get #image() {
    return this.#form.querySelector(".group-form__picture img");
  }

  get #removeButton() {
    return this.#form.querySelector("[data-remove-picture]");
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#form.getAttribute("aria-busy") === "true") return;
    setBusy(this.#form);
    const path = this.#form.getAttribute("action");
    const isNew = path === "/api/groups";
    const values = isNew ? { ...this.#values(), clientGroupId: this.#clientGroupId } : this.#values();
    try {
      const group = await CALLS[this.#form.dataset.call](path, values);
      dialog().close();
      if (isNew) location.assign(`/chat/${group._id}`);
      if (this.#form.dataset.thanks) emit("notice", { text: this.#form.dataset.thanks, kind: "info" });
    } catch (error) {
      setIdle(this.#form);
      showProblem(this.#form, error.status ? error.message : text("no-answer"));
    }
  }

  #values() {
    const { name, description, posting, showsHistory, slowSeconds, reason } = this.#form.elements;
    if (reason) return Object.fromEntries(new FormData(this.#form));
    const values = {};
    if (name) values.name = name.value;
    if (description) values.description = description.value;
    if (posting) values.posting = posting.checked ? "admins" : "all";
    if (showsHistory) values.showsHistory = showsHistory.checked;
    if (slowSeconds) values.slowSeconds = Number(slowSeconds.value);
    if (this.#picture !== null) values.picture = this.#picture;
    if (this.#chooser) values.people = this.#chooser.keys;
    return values;
  }
}

/** Shows an error above the fields and focuses it. */
export function showProblem(form, words) {
  const notice = form.querySelector(".notice");
  notice.hidden = false;
  notice.lastElementChild.textContent = words;
  notice.focus();
}
