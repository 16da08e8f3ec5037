import { forgetDrafts } from "./drafts.js";
import { forgetPages } from "./kept-pages.js";

/** However a session ended, nothing of it is left for the next person but what waits to be sent; `but` names who stays. */
export function forgetPrivate(whom) {
  forgetDrafts(whom);
  return forgetPages(whom);
}
