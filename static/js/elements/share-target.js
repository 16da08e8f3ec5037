import { deleteShared, findShared } from "../stores/share-target.js";

/** Inserts content shared by another app into the composer of the chosen chat (js/share.js). */
export async function insertShared(userId) {
  const address = new URL(location);
  const key = address.searchParams.get("shared");
  if (!key) return;
  address.searchParams.delete("shared");
  history.replaceState(history.state, "", address);
  const shared = await findShared(userId, key).catch(() => null);
  const composer = document.querySelector("message-composer");
  if (!shared || !composer) return location.replace(`/share?id=${key}`);
  const files = [...shared.files, ...composer.asFile(shared.text)];
  if (files.length) composer.addFiles(files);
  if (shared.text && files.length === shared.files.length) composer.restore(shared);
  await deleteShared(userId, key);
}
