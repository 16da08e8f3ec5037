// Loaded with the first voice message that is recorded (elements/voice-button.js), apart from the page's script: what is
// imported here is a copy.
import { lengthInWords, wavePath } from "./lib/attachments.js";
import { text } from "./lib/texts.js";

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS = 32_000; // a second
/** How often it is looked how loud it is. */
const EVERY = 100;
const CHUNK = 1000;
const LEVELS = 64;
const LOUDEST = 31;
/** Milliseconds: messaging/shapes/attachments.py has the same. */
const LONGEST = 3_600_000;
/** So far a finger slides to cancel. */
const FAR = 96;

class VoiceRecorder extends HTMLElement {
  #form;
  #stream;
  #recorder;
  #sound;
  #meter;
  #chunks = [];
  #levels = [];
  /** Milliseconds before the last pause, and when recording went on after it. */
  #before = 0;
  #since = 0;
  #timer;
  #preview = null;
  #end;
  #ways = new AbortController();

  /** In one's own notes it cannot. */
  canBeOnce = true;

  /** `{file, duration, waveform, isSent, viewOnce}`, or null where it was cancelled. */
  ended = new Promise((resolve) => (this.#end = resolve));

  /** Records, in place of what the form has. Rejects as `getUserMedia` does. */
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
    this.#recorder = new MediaRecorder(this.#stream, { mimeType, audioBitsPerSecond: BITS });
    this.#recorder.ondataavailable = ({ data }) => data.size && this.#chunks.push(data);
    this.#stream.getAudioTracks()[0].onended = () => this.#pause();
    this.#sound = new AudioContext();
    this.#meter = this.#sound.createAnalyser();
    this.#sound.createMediaStreamSource(this.#stream).connect(this.#meter);
    this.#open();
    this.#recorder.start(CHUNK);
    this.#goOn();
  }

  /** What was recorded is kept, and not sent. */
  leave() {
    return this.#recorder && this.#finish(false);
  }

  cancel() {
    this.#close();
    this.#end(null);
  }

  #open() {
    this.#part("view-once").hidden = !this.canBeOnce;
    this.#form.append(this);
    this.#form.classList.add("is-recording");
    const { signal } = this.#ways;
    const acts = { cancel: () => this.cancel(), listen: () => this.#listen(), pause: () => this.#turn(), "view-once": () => this.#turnOnce(), send: () => this.#finish(true) };
    this.addEventListener("click", ({ target }) => acts[target.closest("[data-recorder]")?.dataset.recorder]?.());
    addEventListener("keydown", (event) => this.#press(event), { signal, capture: true });
    this.addEventListener("pointerdown", (event) => event.pointerType === "touch" && this.#slide(event));
    addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
    this.#part("send").focus({ preventScroll: true });
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  /** Before Escape leaves the chat. A click beside the buttons leaves the focus nowhere. */
  #press(event) {
    const { target, key } = event;
    if (key !== "Escape" || !(target === document.body || this.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
    this.cancel();
  }

  #part(name) {
    return this.querySelector(`[data-recorder="${name}"]`);
  }

  get #duration() {
    return this.#before + (this.#recorder.state === "recording" ? performance.now() - this.#since : 0);
  }

  #turn() {
    if (this.#recorder.state === "recording") this.#pause();
    else this.#goOn();
  }

  get #isOnce() {
    return this.#part("view-once").getAttribute("aria-pressed") === "true";
  }

  #turnOnce() {
    this.#part("view-once").setAttribute("aria-pressed", String(!this.#isOnce));
  }

  #goOn() {
    if (this.#duration >= LONGEST || !this.#stream.active) return;
    this.#preview?.pause();
    this.#since = performance.now();
    if (this.#recorder.state === "paused") this.#recorder.resume();
    this.#show();
  }

  #pause() {
    if (this.#recorder.state !== "recording") return;
    this.#before = this.#duration;
    this.#recorder.requestData();
    this.#recorder.pause();
    this.#show();
  }

  #look() {
    if (this.#recorder.state !== "recording") return;
    const samples = new Float32Array(this.#meter.fftSize);
    this.#meter.getFloatTimeDomainData(samples);
    this.#levels.push(Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
    this.#show();
    if (this.#duration >= LONGEST) this.#pause();
  }

  #show() {
    const isPaused = this.#recorder.state !== "recording";
    this.classList.toggle("is-paused", isPaused);
    this.#part("listen").hidden = !isPaused;
    const pause = this.#part("pause");
    const label = text(isPaused ? "record-on" : "record-pause");
    if (pause.title !== label) pause.title = label;
    pause.setAttribute("aria-label", label);
    const words = lengthInWords(this.#duration);
    const time = this.querySelector("[data-field=time]");
    if (time.textContent !== words) time.textContent = words;
    // Twice as loud looks half as high again: speech fills the line, and a shout fits.
    const last = this.#levels.slice(-LEVELS).map((level) => Math.min(LOUDEST, Math.round(LOUDEST * Math.sqrt(3 * level))));
    this.querySelector("path").setAttribute("d", wavePath([...Array(LEVELS - last.length).fill(0), ...last]));
  }

  /** What there is up to now, from its beginning. */
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

  #slide({ clientX: from, pointerId }) {
    const { signal } = this.#ways;
    const move = (event) => {
      if (event.pointerId !== pointerId) return;
      const way = event.clientX - from;
      this.style.translate = `${way}px`;
      this.style.opacity = Math.max(0.2, 1 - Math.abs(way) / (2 * FAR));
      if (Math.abs(way) > FAR) this.cancel();
    };
    const stop = () => {
      this.style.translate = this.style.opacity = "";
      this.removeEventListener("pointermove", move);
    };
    this.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel"]) this.addEventListener(name, stop, { signal, once: true });
  }

  async #finish(isSent) {
    if (this.#ways.signal.aborted) return;
    const duration = Math.round(Math.min(LONGEST, this.#duration));
    const stopped = new Promise((resolve) => (this.#recorder.onstop = resolve));
    const isOver = this.#recorder.state === "inactive";
    const viewOnce = this.#isOnce;
    if (!isOver) this.#recorder.stop();
    this.#close();
    if (!isOver) await stopped;
    if (!this.#chunks.length || !duration) return this.#end(null);
    const [type] = this.#recorder.mimeType.split(";");
    const file = new File(this.#chunks, `${text("voice-file")} ${moment()}.${type.split("/")[1]}`, { type });
    this.#end({ file, duration, waveform: waveform(this.#levels), isSent, viewOnce });
  }

  #close() {
    this.#ways.abort();
    clearInterval(this.#timer);
    this.#forgetPreview();
    this.#stream.getAudioTracks()[0].onended = null;
    this.#stream.getTracks().forEach((track) => track.stop());
    this.#sound.close();
    this.remove();
    this.#form.classList.remove("is-recording");
  }
}

/** The loudest of each part, beside the loudest of all. */
function waveform(levels) {
  const most = Math.max(...levels, 0.01);
  const count = Math.max(1, Math.min(LEVELS, levels.length));
  const part = (place) => levels.slice(Math.floor((place * levels.length) / count), Math.ceil(((place + 1) * levels.length) / count));
  const digit = (place) => Math.round((LOUDEST * Math.max(0, ...part(place))) / most).toString(32);
  return Array.from({ length: count }, (_, place) => digit(place)).join("");
}

/** As in the names of files: "2026-11-29 21.05". */
function moment() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}.${two(now.getMinutes())}`;
}

customElements.define("voice-recorder", VoiceRecorder);
