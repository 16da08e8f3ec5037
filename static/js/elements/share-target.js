import { hasArrived, sharedWith } from "../stores/share-target.js";

/** What another app shared goes into the field of the chat that was chosen for it (js/share.js), and waits there to be sent. */
export async function takeShared(userId) {
  const address = new URL(location);
  const key = address.searchParams.get("shared");
  if (!key) return;
  address.searchParams.delete("shared");
  history.replaceState(history.state, "", address);
  const shared = await sharedWith(userId, key).catch(() => null);
  const composer = document.querySelector("message-composer");
  if (!shared || !composer) return location.replace(`/share?id=${key}`);
  const files = [...shared.files, ...composer.asFile(shared.text)];
  if (files.length) composer.take(files);
  if (shared.text && files.length === shared.files.length) composer.takeBack(shared);
  await hasArrived(userId, key);
}
