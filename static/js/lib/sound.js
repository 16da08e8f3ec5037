import { read, write } from "./storage.js";

const NOTES = [
  { pitch: 659.25, at: 0 },
  { pitch: 987.77, at: 0.09 },
];
const DURATION = 0.45;
const GAIN = 0.12;
const MIN_INTERVAL = 1000;

let context = null;

/** Plays two soft notes, once for a burst of messages and in one tab only. */
export function playChime() {
  // Browsers do not allow sound before the first user interaction.
  if (navigator.userActivation?.hasBeenActive === false || rangRecently()) return;
  context ??= new AudioContext();
  context.resume().then(() => NOTES.forEach(play));
}

function rangRecently() {
  const now = Date.now();
  const since = now - Number(read("chime"));
  if (since >= 0 && since < MIN_INTERVAL) return true;
  write("chime", String(now));
  return false;
}

function play({ pitch, at }) {
  const start = context.currentTime + at;
  const tone = new OscillatorNode(context, { frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.linearRampToValueAtTime(GAIN, start + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + DURATION);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + DURATION);
}
