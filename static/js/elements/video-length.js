/** What plays tells its length itself. The markup stays as it was rendered: so nobody takes it for another file's. */
export function watchVideos() {
  document.addEventListener("play", ({ target }) => {
    const length = target.nextElementSibling;
    if (length?.matches(".video__length")) length.animate({ opacity: 0 }, { duration: 120, fill: "forwards" });
  }, { capture: true });
}
