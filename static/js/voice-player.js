// Loaded when a voice message is first played (elements/voice.js), apart from the page's bundle: imports are copies. One message
// plays at a time, and the next one follows automatically.
import { formatDuration } from "./lib/attachments.js";
import { read, write } from "./lib/storage.js";
import { text } from "./lib/texts.js";

const SPEEDS = [1, 1.5, 2];
const SPEED_KEY = "voice-speed";
const STEP = 5;
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -4, PageUp: 4, Home: -Infinity, End: Infinity };

const audio = new Audio();
/** The message that `audio` plays or has paused. */
let current = null;
let page;

audio.addEventListener("timeupdate", showPosition);
audio.addEventListener("ended", playNext);
audio.addEventListener("pause", showPlaying);
audio.addEventListener("play", showPlaying);
audio.addEventListener("error", () => current && page.emit("notice", { text: text("not-playable"), kind: "error" }));
// Only one thing in the page plays at a time.
document.addEventListener("play", ({ target }) => target !== audio && audio.pause(), { capture: true });

class VoiceMessage extends HTMLElement {
  onClick({ target, clientX }, callbacks) {
    page = callbacks;
    const { voice: action } = target.closest("[data-voice]")?.dataset ?? {};
    if (action === "speed") return changeSpeed();
    if (action === "play") return this === current && !audio.paused ? audio.pause() : play(this);
    const { left, width } = this.querySelector(".voice__wave").getBoundingClientRect();
    seek(this, ((clientX - left) / width) * lengthOf(this));
  }

  pause() {
    audio.pause();
    showPlaying();
  }

  onKeydown({ key }, callbacks) {
    page = callbacks;
    const step = Math.min(STEP, lengthOf(this) / 10);
    seek(this, (this === current ? audio.currentTime : 0) + STEPS[key] * step);
  }
}

const lengthOf = (voice) => Number(voice.dataset.duration) / 1000;

function select(voice) {
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
  select(voice);
  for (const other of document.querySelectorAll("video, audio")) other.pause();
  audio.playbackRate = audio.defaultPlaybackRate = speed();
  audio.play().then(() => page.started(voice), () => {});
}

function seek(voice, seconds) {
  select(voice);
  audio.currentTime = Math.max(0, Math.min(lengthOf(voice), seconds));
  show(voice, audio.currentTime);
}

/** Plays the message below; in the details, where the newest is first, the one above. */
function playNext() {
  const previous = current;
  show(previous, 0);
  const list = previous.closest("message-list, .shared");
  const all = list ? [...list.querySelectorAll("voice-message")] : [];
  const next = all[all.indexOf(previous) + (list?.matches(".shared") ? -1 : 1)];
  if (next) play(next);
}

/** Stops following a message once its chat is closed. */
function showPosition() {
  if (!current) return;
  if (!current.isConnected) reattach();
  if (current) show(current, audio.currentTime);
}

/** Finds the message again after it was rendered anew. */
function reattach() {
  current = document.querySelector(`voice-message[data-url="${CSS.escape(current.dataset.url)}"]`);
  if (!current) return audio.pause();
  current.classList.add("is-current");
  showPlaying();
  showSpeed();
}

function show(voice, seconds) {
  const [wave, length] = [voice.querySelector(".voice__wave"), lengthOf(voice)];
  const [label, done] = [formatDuration(seconds * 1000), Math.min(1, seconds / length)];
  let played = wave.querySelector("svg");
  if (!played) {
    played = document.createElementNS(wave.namespaceURI, "svg");
    played.append(wave.firstElementChild.cloneNode());
    wave.append(played);
  }
  played.setAttribute("width", `${100 * done}%`);
  wave.setAttribute("aria-valuenow", Math.round(seconds));
  wave.setAttribute("aria-valuetext", `${label} / ${formatDuration(length * 1000)}`);
  voice.querySelector("[data-field=length]").textContent = seconds ? label : formatDuration(length * 1000);
}

function showPlaying() {
  if (!current) return;
  current.classList.toggle("is-playing", !audio.paused);
  current.querySelector(".voice__play").setAttribute("aria-label", text(audio.paused ? "play" : "pause"));
}

const speed = () => SPEEDS.find((each) => String(each) === read(SPEED_KEY)) ?? 1;

function changeSpeed() {
  const next = SPEEDS[(SPEEDS.indexOf(speed()) + 1) % SPEEDS.length];
  write(SPEED_KEY, String(next));
  audio.playbackRate = audio.defaultPlaybackRate = next;
  showSpeed();
}

function showSpeed() {
  const [button, label] = [current.querySelector(".voice__speed"), `${speed()}×`];
  button.textContent = label;
  button.setAttribute("aria-label", `${text("speed")} ${label}`);
}

customElements.define("voice-message", VoiceMessage);
