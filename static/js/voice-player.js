// Loaded when a voice message is first played (elements/voice.js), apart from the page's script: what is imported here is a
// copy. One plays at a time, and the next one follows by itself.
import { lengthInWords } from "./lib/attachments.js";
import { read, write } from "./lib/storage.js";
import { text } from "./lib/texts.js";

const SPEEDS = [1, 1.5, 2];
const KEPT_SPEED = "voice-speed";
const STEP = 5;
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -4, PageUp: 4, Home: -Infinity, End: Infinity };

const audio = new Audio();
/** What `audio` plays, or is about to go on with. */
let current = null;
let page;

audio.addEventListener("timeupdate", showPosition);
audio.addEventListener("ended", playNext);
audio.addEventListener("pause", showPlaying);
audio.addEventListener("play", showPlaying);
audio.addEventListener("error", () => current && page.emit("notice", { text: text("not-playable"), kind: "error" }));
// Of all that sounds in the page.
document.addEventListener("play", ({ target }) => target !== audio && audio.pause(), { capture: true });

class VoiceMessage extends HTMLElement {
  press({ target, clientX }, calls) {
    page = calls;
    const { voice: act } = target.closest("[data-voice]")?.dataset ?? {};
    if (act === "speed") return changeSpeed();
    if (act === "play") return this === current && !audio.paused ? audio.pause() : play(this);
    const { left, width } = this.querySelector(".voice__wave").getBoundingClientRect();
    seek(this, ((clientX - left) / width) * lengthOf(this));
  }

  pause() {
    audio.pause();
    showPlaying();
  }

  steer({ key }, calls) {
    page = calls;
    const step = Math.min(STEP, lengthOf(this) / 10);
    seek(this, (this === current ? audio.currentTime : 0) + STEPS[key] * step);
  }
}

const lengthOf = (voice) => Number(voice.dataset.duration) / 1000;

function take(voice) {
  if (voice === current) return;
  if (current) {
    audio.pause();
    show(current, 0);
    current.classList.remove("is-current");
  }
  current = voice;
  voice.classList.add("is-current");
  audio.src = voice.dataset.url;
  showSpeed();
}

function play(voice) {
  take(voice);
  for (const other of document.querySelectorAll("video, audio")) other.pause();
  audio.playbackRate = audio.defaultPlaybackRate = speed();
  audio.play().then(() => page.started(voice), () => {});
}

function seek(voice, seconds) {
  take(voice);
  audio.currentTime = Math.max(0, Math.min(lengthOf(voice), seconds));
  show(voice, audio.currentTime);
}

/** The message below it; among what a chat shares, where the newest is first, the one above it. */
function playNext() {
  const before = current;
  show(before, 0);
  const list = before.closest("message-list, .shared");
  const all = list ? [...list.querySelectorAll("voice-message")] : [];
  const next = all[all.indexOf(before) + (list?.matches(".shared") ? -1 : 1)];
  if (next) play(next);
}

/** Who leaves the chat leaves it behind. */
function showPosition() {
  if (!current) return;
  if (!current.isConnected) follow();
  if (current) show(current, audio.currentTime);
}

/** What was drawn anew. */
function follow() {
  current = document.querySelector(`voice-message[data-url="${CSS.escape(current.dataset.url)}"]`);
  if (!current) return audio.pause();
  current.classList.add("is-current");
  showPlaying();
  showSpeed();
}

function show(voice, seconds) {
  const [wave, length] = [voice.querySelector(".voice__wave"), lengthOf(voice)];
  const [said, done] = [lengthInWords(seconds * 1000), Math.min(1, seconds / length)];
  let played = wave.querySelector("svg");
  if (!played) {
    played = document.createElementNS(wave.namespaceURI, "svg");
    played.append(wave.firstElementChild.cloneNode());
    wave.append(played);
  }
  played.setAttribute("width", `${100 * done}%`);
  wave.setAttribute("aria-valuenow", Math.round(seconds));
  wave.setAttribute("aria-valuetext", `${said} / ${lengthInWords(length * 1000)}`);
  voice.querySelector("[data-field=length]").textContent = seconds ? said : lengthInWords(length * 1000);
}

function showPlaying() {
  if (!current) return;
  current.classList.toggle("is-playing", !audio.paused);
  current.querySelector(".voice__play").setAttribute("aria-label", text(audio.paused ? "play" : "pause"));
}

const speed = () => SPEEDS.find((each) => String(each) === read(KEPT_SPEED)) ?? 1;

function changeSpeed() {
  const next = SPEEDS[(SPEEDS.indexOf(speed()) + 1) % SPEEDS.length];
  write(KEPT_SPEED, String(next));
  audio.playbackRate = audio.defaultPlaybackRate = next;
  showSpeed();
}

function showSpeed() {
  const [button, said] = [current.querySelector(".voice__speed"), `${speed()}×`];
  button.textContent = said;
  button.setAttribute("aria-label", `${text("speed")} ${said}`);
}

customElements.define("voice-message", VoiceMessage);
