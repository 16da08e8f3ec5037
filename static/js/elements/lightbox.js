// Opens pictures in the lightbox, whose script is loaded with the first one.
import { emit } from "../lib/bus.js";
import { unmarked } from "../lib/markup.js";
import { text } from "../lib/texts.js";
import { clock, dayLabel } from "../lib/time.js";
import { createdAt } from "../render/parts/meta.js";
import { stepAcross } from "./arrow-keys.js";
import { sourceOf } from "./clipboard.js";

const PICTURES = ".bubble__picture:not([hidden]), .album a, [data-lightbox]";
const PAGE = { PICTURES, clock, createdAt, dayLabel, sourceOf, stepAcross, unmarked };

export function watchPictures() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(PICTURES);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  // Before other handlers, which would fetch the page that is still there.
  addEventListener("popstate", (event) => lightbox().onPopState?.(event), { capture: true });
}

const lightbox = () => document.querySelector("picture-lightbox");

async function open(link) {
  try {
    await import(lightbox().dataset.script);
  } catch {
    return emit("notice", { text: text("load-failed"), kind: "error" });
  }
  lightbox().open(link, PAGE);
}
