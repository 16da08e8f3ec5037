const LONG = 500;
const STEADY = 10;

const FAR = 64;

/** Fingers on messages: a long press calls `pressed(item, target)`, a swipe to the end of the line `swiped(item)`. */
export function watchTouch(list, { pressed, swiped }) {
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
    timer = setTimeout(() => (end(), pressed(item, target)), LONG);
  });
  list.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!start) return;
    const [across, down] = [clientX - start.clientX, clientY - start.clientY];
    if (Math.hypot(across, down) > STEADY) clearTimeout(timer);
    start.distance = across * start.direction;
    const shown = Math.max(0, Math.min(start.distance, FAR)) * start.direction;
    start.item.style.setProperty("translate", `${shown}px`);
  });
  list.addEventListener("pointerup", () => {
    const { item, distance = 0 } = start ?? {};
    end();
    if (distance >= FAR) swiped(item);
  });
  list.addEventListener("pointercancel", end);
  // The browser's own menu would lie over the sheet.
  list.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
}
