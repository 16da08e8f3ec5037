const LONG_PRESS = 500;
const MOVE_TOLERANCE = 10;

const SWIPE_DISTANCE = 64;

/** Touch gestures on messages: a long press calls `longPressed(item, target)`, a swipe towards the end of the line `swiped(item)`. */
export function watchTouch(list, { longPressed, swiped }) {
  let start = null;
  let timer = 0;

  const end = () => {
    clearTimeout(timer);
    start?.item.style.removeProperty("translate");
    start = null;
  };

  list.addEventListener("pointerdown", ({ target, pointerType, isPrimary, clientX, clientY }) => {
    end();
    const item = target.closest(".message");
    if (pointerType !== "touch" || !isPrimary || !item || item.closest(".is-selecting")) return;
    const direction = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    start = { item, clientX, clientY, direction };
    timer = setTimeout(() => (end(), longPressed(item, target)), LONG_PRESS);
  });
  list.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!start) return;
    const [across, down] = [clientX - start.clientX, clientY - start.clientY];
    if (Math.hypot(across, down) > MOVE_TOLERANCE) clearTimeout(timer);
    start.distance = across * start.direction;
    const shown = Math.max(0, Math.min(start.distance, SWIPE_DISTANCE)) * start.direction;
    start.item.style.setProperty("translate", `${shown}px`);
  });
  list.addEventListener("pointerup", () => {
    const { item, distance = 0 } = start ?? {};
    end();
    if (distance >= SWIPE_DISTANCE) swiped(item);
  });
  list.addEventListener("pointercancel", end);
  // The browser's own menu would cover ours.
  list.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
}
