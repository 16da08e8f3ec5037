/** Hides the length of a video once it plays. By an animation, since a change of the markup would look like another file. */
export function watchVideoLengths() {
  document.addEventListener("play", ({ target }) => {
    const length = target.nextElementSibling;
    if (length?.matches(".video__length")) length.animate({ opacity: 0 }, { duration: 120, fill: "forwards" });
  }, { capture: true });
}
