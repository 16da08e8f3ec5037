import { RECENT_EMOJI, removeByPrefix } from "../lib/storage.js";
import { clearDrafts } from "./drafts.js";
import { deleteCachedPages } from "./page-cache.js";
import { clearShared } from "./share-target.js";

/** Deletes everything that a session leaves in the browser apart from the outbox; `except` is the account to keep. */
export function clearPrivateData({ except } = {}) {
  clearDrafts({ except });
  removeByPrefix(RECENT_EMOJI, except && RECENT_EMOJI + except);
  return Promise.all([deleteCachedPages({ except }), clearShared({ except })]);
}
