import { read, write } from "./storage.js";

const NOTES = [
  { pitch: 659.25, at: 0 },
  { pitch: 987.77, at: 0.09 },
];
const RING = 0.45;
const LOUDNESS = 0.12;
const QUIET_FOR = 1000;

let context = null;

/** Two soft notes: once for a burst of messages, and from one tab only. */
export function playChime() {
  // Browsers keep a page silent, and complain, until somebody has touched it.
  if (navigator.userActivation?.hasBeenActive === false || justRang()) return;
  context ??= new AudioContext();
  context.resume().then(() => NOTES.forEach(play));
}

function justRang() {
  const now = Date.now();
  const since = now - Number(read("chime"));
  if (since >= 0 && since < QUIET_FOR) return true;
  write("chime", String(now));
  return false;
}

function play({ pitch, at }) {
  const start = context.currentTime + at;
  const tone = new OscillatorNode(context, { frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + RING);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + RING);
}
