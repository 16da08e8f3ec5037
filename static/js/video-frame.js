// Loaded with the first video that is chosen (stores/pending-files.js), apart from the page's script.
/** Milliseconds for all of it: the video is sent without what is not known by then. */
const PATIENCE = 5000;
/** Pixels: no wider does the server keep it. */
const WIDEST = 720;
const QUALITY = 0.8;
/** Where in the video the frame may be: the first that is not black. */
const PLACES = [0.1, 0.3, 0.6];
const DARK = 24;
/** Milliseconds: messaging/shapes/attachments.py has the same. */
const LONGEST = 86_400_000;

class VideoFrame extends HTMLElement {
  /** `{duration, poster, width, height}`, the length in milliseconds and a frame as a data URI: as much of it as this browser can tell. */
  async take(file) {
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
    const address = URL.createObjectURL(file);
    const known = {};
    try {
      await look(video, address, known, AbortSignal.timeout(PATIENCE));
    } catch {
      // It is sent all the same.
    }
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
    return known;
  }
}

async function look(video, address, known, signal) {
  const until = (name, begin) => after(video, name, begin, signal);
  const seek = (place) => until("seeked", () => (video.currentTime = place));
  await until("loadeddata", () => (video.src = address));
  // Browsers record without the length, which is where the end is.
  if (!Number.isFinite(video.duration)) await seek(Number.MAX_SAFE_INTEGER);
  const length = Number.isFinite(video.duration) ? video.duration : video.currentTime;
  const duration = Math.round(length * 1000);
  if (duration > 0 && duration <= LONGEST) known.duration = duration;
  if (!video.videoWidth) return;
  for (const place of PLACES) {
    await seek(length * place);
    if (!isDark(video)) break;
  }
  const width = Math.min(WIDEST, video.videoWidth);
  const height = Math.max(1, Math.round((width * video.videoHeight) / video.videoWidth));
  Object.assign(known, { poster: drawn(video, width, height).toDataURL("image/jpeg", QUALITY), width, height });
}

/** Rejects where the browser cannot, or takes too long. */
function after(video, name, begin, signal) {
  return new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", reject, { once: true });
    signal.addEventListener("abort", reject, { once: true });
    begin();
  });
}

function isDark(video) {
  const { data } = drawn(video, 16, 16).getContext("2d").getImageData(0, 0, 16, 16);
  return data.every((value, place) => place % 4 === 3 || value < DARK);
}

function drawn(video, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(video, 0, 0, width, height);
  return canvas;
}

customElements.define("video-frame", VideoFrame);
