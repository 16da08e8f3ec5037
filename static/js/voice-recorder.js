// Loaded with the first recording (elements/voice-button.js), apart from the page's bundle: imports are copies.
import { formatDuration, wavePath } from "./lib/attachments.js";
import { text } from "./lib/texts.js";

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS_PER_SECOND = 32_000; // a second
/** Milliseconds between two measurements of the level. */
const METER_INTERVAL = 100;
const CHUNK_TIME = 1000;
const MAX_LEVELS = 64;
const MAX_LEVEL = 31;
/** Milliseconds, as in messaging/shapes/attachments.py. */
const MAX_DURATION = 3_600_000;
/** Pixels: how far to slide a finger to cancel. */
const CANCEL_DISTANCE = 96;

class VoiceRecorder extends HTMLElement {
  #form;
  #stream;
  #recorder;
  #audioContext;
  #meter;
  #chunks = [];
  #levels = [];
  /** Milliseconds recorded before the last pause, and when recording resumed. */
  #recordedBefore = 0;
  #resumedAt = 0;
  #timer;
  #preview = null;
  #resolveEnded;
  #listeners = new AbortController();

  /** False in the reader's saved messages. */
  canBeViewOnce = true;

  /** Resolves to `{file, duration, waveform, isSent, viewOnce}`, or to null if it was cancelled. */
  ended = new Promise((resolve) => (this.#resolveEnded = resolve));

  /** Starts recording, in place of the form's field. Rejects as `getUserMedia` does. */
  async start(form) {
    this.#form = form;
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    try {
      this.#begin();
    } catch (error) {
      for (const track of this.#stream.getTracks()) track.stop();
      throw error;
    }
  }

  #begin() {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(this.#stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    this.#recorder.ondataavailable = ({ data }) => data.size && this.#chunks.push(data);
    this.#stream.getAudioTracks()[0].onended = () => this.#pause();
    this.#audioContext = new AudioContext();
    this.#meter = this.#audioContext.createAnalyser();
    this.#audioContext.createMediaStreamSource(this.#stream).connect(this.#meter);
    this.#open();
    this.#recorder.start(CHUNK_TIME);
    this.#resume();
  }

  /** Stops, and keeps the recording without sending it. */
  stopAndKeep() {
    return this.#recorder && this.#finish(false);
  }

  cancel() {
    this.#close();
    this.#resolveEnded(null);
  }

  #open() {
    this.#control("view-once").hidden = !this.canBeViewOnce;
    this.#form.append(this);
    this.#form.classList.add("is-recording");
    const { signal } = this.#listeners;
    const actions = { cancel: () => this.cancel(), listen: () => this.#listen(), pause: () => this.#togglePause(), "view-once": () => this.#toggleViewOnce(), send: () => this.#finish(true) };
    this.addEventListener("click", ({ target }) => actions[target.closest("[data-recorder]")?.dataset.recorder]?.());
    addEventListener("keydown", (event) => this.#onKeydown(event), { signal, capture: true });
    this.addEventListener("pointerdown", (event) => event.pointerType === "touch" && this.#onSlide(event));
    addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
    this.#control("send").focus({ preventScroll: true });
    this.#timer = setInterval(() => this.#sampleLevel(), METER_INTERVAL);
  }

  /** Escape cancels the recording before it can close the chat, also while nothing has the focus. */
  #onKeydown(event) {
    const { target, key } = event;
    if (key !== "Escape" || !(target === document.body || this.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
    this.cancel();
  }

  #control(name) {
    return this.querySelector(`[data-recorder="${name}"]`);
  }

  get #duration() {
    return this.#recordedBefore + (this.#recorder.state === "recording" ? performance.now() - this.#resumedAt : 0);
  }

  #togglePause() {
    if (this.#recorder.state === "recording") this.#pause();
    else this.#resume();
  }

  get #isViewOnce() {
    return this.#control("view-once").getAttribute("aria-pressed") === "true";
  }

  #toggleViewOnce() {
    this.#control("view-once").setAttribute("aria-pressed", String(!this.#isViewOnce));
  }

  #resume() {
    if (this.#duration >= MAX_DURATION || !this.#stream.active) return;
    this.#preview?.pause();
    this.#resumedAt = performance.now();
    if (this.#recorder.state === "paused") this.#recorder.resume();
    this.#show();
  }

  #pause() {
    if (this.#recorder.state !== "recording") return;
    this.#recordedBefore = this.#duration;
    this.#recorder.requestData();
    this.#recorder.pause();
    this.#show();
  }

  #sampleLevel() {
    if (this.#recorder.state !== "recording") return;
    const samples = new Float32Array(this.#meter.fftSize);
    this.#meter.getFloatTimeDomainData(samples);
    this.#levels.push(Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
    this.#show();
    if (this.#duration >= MAX_DURATION) this.#pause();
  }

  #show() {
    const isPaused = this.#recorder.state !== "recording";
    this.classList.toggle("is-paused", isPaused);
    this.#control("listen").hidden = !isPaused;
    const pause = this.#control("pause");
    const label = text(isPaused ? "record-on" : "record-pause");
    if (pause.title !== label) pause.title = label;
    pause.setAttribute("aria-label", label);
    const words = formatDuration(this.#duration);
    const time = this.querySelector("[data-field=time]");
    if (time.textContent !== words) time.textContent = words;
    // A square-root scale: speech fills the line, and a shout still fits.
    const last = this.#levels.slice(-MAX_LEVELS).map((level) => Math.min(MAX_LEVEL, Math.round(MAX_LEVEL * Math.sqrt(3 * level))));
    this.querySelector("path").setAttribute("d", wavePath([...Array(MAX_LEVELS - last.length).fill(0), ...last]));
  }

  /** Plays the recording so far from its beginning. */
  #listen() {
    if (this.#preview && !this.#preview.paused) return this.#preview.pause();
    this.#forgetPreview();
    for (const other of document.querySelectorAll("video, audio")) other.pause();
    this.#preview = new Audio(URL.createObjectURL(new Blob(this.#chunks, { type: this.#recorder.mimeType })));
    this.#preview.play().catch(() => {});
  }

  #forgetPreview() {
    this.#preview?.pause();
    if (this.#preview) URL.revokeObjectURL(this.#preview.src);
    this.#preview = null;
  }

  #onSlide({ clientX: from, pointerId }) {
    const { signal } = this.#listeners;
    const move = (event) => {
      if (event.pointerId !== pointerId) return;
      const distance = event.clientX - from;
      this.style.translate = `${distance}px`;
      this.style.opacity = Math.max(0.2, 1 - Math.abs(distance) / (2 * CANCEL_DISTANCE));
      if (Math.abs(distance) > CANCEL_DISTANCE) this.cancel();
    };
    const stop = () => {
      this.style.translate = this.style.opacity = "";
      this.removeEventListener("pointermove", move);
    };
    this.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel"]) this.addEventListener(name, stop, { signal, once: true });
  }

  async #finish(isSent) {
    if (this.#listeners.signal.aborted) return;
    const duration = Math.round(Math.min(MAX_DURATION, this.#duration));
    const stopped = new Promise((resolve) => (this.#recorder.onstop = resolve));
    const isOver = this.#recorder.state === "inactive";
    const viewOnce = this.#isViewOnce;
    if (!isOver) this.#recorder.stop();
    this.#close();
    if (!isOver) await stopped;
    if (!this.#chunks.length || !duration) return this.#resolveEnded(null);
    const [type] = this.#recorder.mimeType.split(";");
    const file = new File(this.#chunks, `${text("voice-file")} ${timestamp()}.${type.split("/")[1]}`, { type });
    this.#resolveEnded({ file, duration, waveform: waveform(this.#levels), isSent, viewOnce });
  }

  #close() {
    this.#listeners.abort();
    clearInterval(this.#timer);
    this.#forgetPreview();
    this.#stream.getAudioTracks()[0].onended = null;
    this.#stream.getTracks().forEach((track) => track.stop());
    this.#audioContext.close();
    this.remove();
    this.#form.classList.remove("is-recording");
  }
}

/** The peak of each part, relative to the loudest. */
function waveform(levels) {
  const most = Math.max(...levels, 0.01);
  const count = Math.max(1, Math.min(MAX_LEVELS, levels.length));
  const part = (index) => levels.slice(Math.floor((index * levels.length) / count), Math.ceil(((index + 1) * levels.length) / count));
  const digit = (index) => Math.round((MAX_LEVEL * Math.max(0, ...part(index))) / most).toString(32);
  return Array.from({ length: count }, (_, index) => digit(index)).join("");
}

/** For file names: "2026-11-29 21.05". */
function timestamp() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}.${two(now.getMinutes())}`;
}

customElements.define("voice-recorder", VoiceRecorder);
