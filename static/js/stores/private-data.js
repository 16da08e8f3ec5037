import { RECENT_EMOJI, forget } from "../lib/storage.js";
import { forgetDrafts } from "./drafts.js";
import { forgetPages } from "./page-cache.js";
import { forgetShared } from "./share-target.js";

/** However a session ended, nothing of it is left for the next person but what waits to be sent; `but` names who stays. */
export function forgetPrivate({ but } = {}) {
  forgetDrafts({ but });
  forget(RECENT_EMOJI, but && RECENT_EMOJI + but);
  return Promise.all([forgetPages({ but }), forgetShared({ but })]);
}
