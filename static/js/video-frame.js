// Loaded with the first video that is attached (stores/pending-files.js), apart from the page's bundle.
/** Milliseconds for the whole analysis: the video is sent without what is not known by then. */
const TIMEOUT = 5000;
/** Pixels: the server stores no wider poster. */
const MAX_WIDTH = 720;
const QUALITY = 0.8;
/** Where to look for a frame, as a share of the length: the first one that is not black. */
const POSITIONS = [0.1, 0.3, 0.6];
const DARK_LEVEL = 24;
/** Milliseconds, as in messaging/shapes/attachments.py. */
const MAX_DURATION = 86_400_000;

class VideoFrame extends HTMLElement {
  /** `{duration, poster, width, height}`: the length in milliseconds and a frame as a data URI, as far as this browser can decode it. */
  async analyse(file) {
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
    const address = URL.createObjectURL(file);
    const found = {};
    try {
      await readFrame(video, address, found, AbortSignal.timeout(TIMEOUT));
    } catch {
      // The video is sent anyway.
    }
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
    return found;
  }
}

async function readFrame(video, address, found, signal) {
  const until = (name, start) => after(video, name, start, signal);
  const seek = (position) => until("seeked", () => (video.currentTime = position));
  await until("loadeddata", () => (video.src = address));
  // Browsers' own recordings lack the length: seek to the end to find it.
  if (!Number.isFinite(video.duration)) await seek(Number.MAX_SAFE_INTEGER);
  const length = Number.isFinite(video.duration) ? video.duration : video.currentTime;
  const duration = Math.round(length * 1000);
  if (duration > 0 && duration <= MAX_DURATION) found.duration = duration;
  if (!video.videoWidth) return;
  for (const position of POSITIONS) {
    await seek(length * position);
    if (!isDark(video)) break;
  }
  const width = Math.min(MAX_WIDTH, video.videoWidth);
  const height = Math.max(1, Math.round((width * video.videoHeight) / video.videoWidth));
  Object.assign(found, { poster: drawn(video, width, height).toDataURL("image/jpeg", QUALITY), width, height });
}

/** Rejects if the browser cannot decode it or takes too long. */
function after(video, name, start, signal) {
  return new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", reject, { once: true });
    signal.addEventListener("abort", reject, { once: true });
    start();
  });
}

function isDark(video) {
  const { data } = drawn(video, 16, 16).getContext("2d").getImageData(0, 0, 16, 16);
  return data.every((value, position) => position % 4 === 3 || value < DARK_LEVEL);
}

function drawn(video, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(video, 0, 0, width, height);
  return canvas;
}

customElements.define("video-frame", VideoFrame);
