// The dialog that lists who reacted to a message, rendered by the server.
import { openDialog } from "./group-dialog.js";

export async function showReactors(item, { id }) {
  await openDialog(`/chat/${id}/reactors?seq=${item.dataset.seq}`);
  const dialog = document.getElementById("group-dialog");
  const kinds = dialog.querySelector(".reactors__kinds");
  kinds?.addEventListener("click", ({ target }) => {
    const chosen = target.closest("button");
    if (chosen) for (const button of kinds.children) button.setAttribute("aria-pressed", String(button === chosen));
  });
  dialog.querySelector("#reactors")?.addEventListener("click", ({ target }) => {
    const emoji = target.closest("[data-take-back]")?.dataset.takeBack;
    if (!emoji) return;
    dialog.close();
    item.focus({ preventScroll: true });
    item.dispatchEvent(new CustomEvent("react", { bubbles: true, detail: { emoji } }));
  });
}
