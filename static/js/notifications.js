// The part of notifications that open pages handle. Loaded by elements/notifications.js, which passes in what it shares with
// the page.
import { setAccount } from "./api.js";
import { enablePush, isAllowed, notificationSettings, pushRegistration, removeSubscription, subscribe } from "./lib/push.js";

const OFFER_DURATION = 30_000;
const OFFER_DELAY = 1500;
const BADGE_DELAY = 300;

class PushNotifications extends HTMLElement {
  #page;
  #userId;
  #isSubscribed = false;
  #settings = {};
  #timer = 0;

  start(userId, page) {
    this.#userId = userId;
    this.#page = page;
    setAccount(userId);
    this.#begin().catch(() => {});
  }

  async #begin() {
    if (!isAllowed()) return setTimeout(() => this.#offer(), OFFER_DELAY);
    this.#settings = await notificationSettings();
    await this.#syncSubscription();
    this.#subscribe();
  }

  get #choice() {
    return this.#page.read(`notify:${this.#userId}`);
  }

  set #choice(words) {
    this.#page.write(`notify:${this.#userId}`, words);
  }

  /** Asked once per browser; later, it can be turned on in the profile. */
  #offer() {
    if (this.#choice || isAllowed()) return;
    this.#choice = "offered";
    const [text, words] = this.#page.text("notify-offer").split("|");
    this.#page.emit("notice", { text, kind: "info", action: { label: words, run: () => this.#accept() }, duration: OFFER_DURATION });
  }

  async #accept() {
    try {
      if (!(await enablePush())) return;
      this.#isSubscribed = true;
    } catch {
      // Open pages show notifications themselves.
    }
    if (!isAllowed()) return;
    this.#choice = "on";
    this.#settings = await notificationSettings();
    this.#subscribe();
  }

  /** Makes the browser's subscription match the account: another account may have subscribed here before. */
  async #syncSubscription() {
    if (this.#settings.subscribed || this.#choice === "on") {
      await subscribe().then(() => (this.#isSubscribed = true), () => {});
    } else {
      await removeSubscription();
    }
  }

  #subscribe() {
    const { on } = this.#page;
    navigator.serviceWorker.addEventListener("message", ({ data }) => data.open && this.#openFrom(data.open));
    on("account", async () => (this.#settings = await notificationSettings().catch(() => this.#settings)));
    on("message", ({ message, live }) => live && this.#notifyMessage(message));
    on("reminder-due", (reminder) => this.#notifyReminder(reminder));
    on("schedule-changed", ({ messageId, isDue }) => isDue || closeAll(`reminder:${messageId}`));
    on("read", ({ readerId, peerId }) => readerId === this.#userId && this.#close(peerId));
    on("read-here", ({ peerId }) => this.#close(peerId));
    for (const name of ["message", "message-deleted", "read", "read-here", "chat", "chat-settings"]) on(name, () => this.#scheduleBadge());
    this.#scheduleBadge();
  }

  #openFrom({ userId, place, messageId, messageSeq: seq }) {
    if (userId === this.#userId) this.#page.openAddress(place, { messageId, seq });
  }

  /** Whether this page has to show notifications itself: there is no push, and the page is hidden. */
  get #shouldNotify() {
    return !this.#isSubscribed && document.hidden && isAllowed() && !this.#isQuietHours();
  }

  async #notifyMessage(message) {
    if (!this.#shouldNotify) return;
    if (message.senderId === this.#userId || message.system || !this.#page.shouldAlert(message, this.#userId)) return;
    const peerId = message.receiverId === this.#userId ? message.senderId : message.receiverId;
    const row = rowOf(peerId);
    const { previews } = this.#settings;
    if (!row || "request" in row.dataset) return;
    const words = previews === "full" && this.#page.summaryOf(message);
    const title = previews === "nothing" ? "Chatsite" : this.#page.nameOf(row);
    await this.#show(title, words || this.#page.text("new-message"), `chat:${peerId}`, peerId, message);
  }

  /** Worded as in messaging/page/notifications.py. */
  async #notifyReminder({ peerId, message }) {
    if (!this.#shouldNotify) return;
    const { previews } = this.#settings;
    const row = rowOf(peerId);
    const words = { full: this.#page.summaryOf(message), name: row && this.#page.nameOf(row) }[previews] ?? "";
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

  /** As in accounts/notifications.py. */
  #isQuietHours() {
    const { quietFrom, quietUntil, zone: timeZone } = this.#settings;
    if (!quietFrom || !quietUntil) return false;
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date());
    return quietFrom <= quietUntil ? quietFrom <= clock && clock < quietUntil : clock >= quietFrom || clock < quietUntil;
  }

  async #close(peerId) {
    if (!Number(rowOf(peerId)?.dataset.unread)) await closeAll(`chat:${peerId}`);
  }

  #scheduleBadge() {
    this.#timer ||= setTimeout(() => this.#updateBadge(), BADGE_DELAY);
  }

  #updateBadge() {
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
