// Notifications, as far as open pages have to do with them. Fetched by elements/notifications.js, which hands over what it
// shares with the page.
import { actAs } from "./api.js";
import { forgetSubscription, isAllowed, notificationSettings, pushRegistration, subscribe, turnOn } from "./lib/push.js";

const OFFERED_FOR = 30_000;
const LATER = 1500;
const SOON = 300;

class PushNotifications extends HTMLElement {
  #page;
  #userId;
  #isSubscribed = false;
  #settings = {};
  #timer = 0;

  start(userId, page) {
    this.#userId = userId;
    this.#page = page;
    actAs(userId);
    this.#begin().catch(() => {});
  }

  async #begin() {
    if (!isAllowed()) return setTimeout(() => this.#offer(), LATER);
    this.#settings = await notificationSettings();
    await this.#agree();
    this.#watch();
  }

  get #chosen() {
    return this.#page.read(`notify:${this.#userId}`);
  }

  set #chosen(words) {
    this.#page.write(`notify:${this.#userId}`, words);
  }

  /** Once in a browser: whoever does not want it now finds it in the profile. */
  #offer() {
    if (this.#chosen || isAllowed()) return;
    this.#chosen = "offered";
    const [text, words] = this.#page.text("notify-offer").split("|");
    this.#page.emit("notice", { text, kind: "info", action: { words, run: () => this.#accept() }, stay: OFFERED_FOR });
  }

  async #accept() {
    try {
      if (!(await turnOn())) return;
      this.#isSubscribed = true;
    } catch {
      // Pages that are open notify all the same.
    }
    if (!isAllowed()) return;
    this.#chosen = "on";
    this.#settings = await notificationSettings();
    this.#watch();
  }

  /** The server, this browser and the person mean the same: somebody else may have signed in here before. */
  async #agree() {
    if (this.#settings.subscribed || this.#chosen === "on") {
      await subscribe().then(() => (this.#isSubscribed = true), () => {});
    } else {
      await forgetSubscription();
    }
  }

  #watch() {
    const { on } = this.#page;
    navigator.serviceWorker.addEventListener("message", ({ data }) => data.open && this.#open(data.open));
    on("account", async () => (this.#settings = await notificationSettings().catch(() => this.#settings)));
    on("message", ({ message, live }) => live && this.#tell(message));
    on("reminder-due", (reminder) => this.#remind(reminder));
    on("schedule-changed", ({ messageId, isDue }) => isDue || closeAll(`reminder:${messageId}`));
    on("read", ({ readerId, peerId }) => readerId === this.#userId && this.#close(peerId));
    on("read-here", ({ peerId }) => this.#close(peerId));
    for (const name of ["message", "message-deleted", "read", "read-here", "chat", "chat-settings"]) on(name, () => this.#count());
    this.#count();
  }

  #open({ userId, place, messageId, messageSeq: seq }) {
    if (userId === this.#userId) this.#page.open(place, { messageId, seq });
  }

  /** Where no push message comes, and the page is there but not seen. */
  get #isAsked() {
    return !this.#isSubscribed && document.hidden && isAllowed() && !this.#isQuiet();
  }

  async #tell(message) {
    if (!this.#isAsked) return;
    if (message.senderId === this.#userId || message.system || !this.#page.isHeard(message, this.#userId)) return;
    const peerId = message.receiverId === this.#userId ? message.senderId : message.receiverId;
    const row = rowOf(peerId);
    const { previews } = this.#settings;
    if (!row || "request" in row.dataset) return;
    const words = previews === "full" && this.#page.wordsOf(message);
    const title = previews === "nothing" ? "Chatsite" : this.#page.nameOf(row);
    await this.#show(title, words || this.#page.text("new-message"), `chat:${peerId}`, peerId, message);
  }

  /** messaging/page/notifications.py says the same. */
  async #remind({ peerId, message }) {
    if (!this.#isAsked) return;
    const { previews } = this.#settings;
    const row = rowOf(peerId);
    const words = { full: this.#page.wordsOf(message), name: row && this.#page.nameOf(row) }[previews] ?? "";
    const word = this.#page.text("reminder");
    const [title, body] = previews === "nothing" ? ["Chatsite", word] : [word, words];
    await this.#show(title, body, `reminder:${message._id}`, peerId, message);
  }

  async #show(title, body, tag, peerId, { _id: messageId, seq }) {
    const registration = await pushRegistration();
    const place = `/chat/${peerId}#m-${messageId}`;
    const data = { peerId, userId: this.#userId, seq, messageId, messageSeq: seq, place };
    await registration.showNotification(title, { body, tag, renotify: true, data });
  }

  /** accounts/notifications.py says the same. */
  #isQuiet() {
    const { quietFrom, quietUntil, zone: timeZone } = this.#settings;
    if (!quietFrom || !quietUntil) return false;
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date());
    return quietFrom <= quietUntil ? quietFrom <= clock && clock < quietUntil : clock >= quietFrom || clock < quietUntil;
  }

  async #close(peerId) {
    if (!Number(rowOf(peerId)?.dataset.unread)) await closeAll(`chat:${peerId}`);
  }

  #count() {
    this.#timer ||= setTimeout(() => this.#showCount(), SOON);
  }

  #showCount() {
    this.#timer = 0;
    const isCounted = (row) => Number(row.dataset.unread) && !this.#page.isMuted(row) && !("request" in row.dataset);
    const count = [...document.querySelectorAll("#chat-rows .row[data-unread]")].filter(isCounted).length;
    navigator.setAppBadge?.(count).catch(() => {});
  }
}

async function closeAll(tag) {
  const registration = await navigator.serviceWorker.getRegistration("/push/");
  const shown = (await registration?.getNotifications({ tag })) ?? [];
  shown.forEach((each) => each.close());
}

const rowOf = (peerId) => document.getElementById(`chats-${peerId}`);

customElements.define("push-notifications", PushNotifications);
