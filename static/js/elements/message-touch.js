const LONG = 500;
const STEADY = 10;

/** Fingers on messages: a long press calls `pressed(item)`. */
export function watchTouch(list, { pressed }) {
  let start = null;
  let timer = 0;

  const end = () => {
    clearTimeout(timer);
    start = null;
  };

  list.addEventListener("pointerdown", ({ target, pointerType, isPrimary, clientX, clientY }) => {
    end();
    const item = target.closest(".message");
    if (pointerType !== "touch" || !isPrimary || !item) return;
    start = { item, clientX, clientY };
    timer = setTimeout(() => pressed(item), LONG);
  });
  list.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (start && Math.hypot(clientX - start.clientX, clientY - start.clientY) > STEADY) end();
  });
  list.addEventListener("pointerup", end);
  list.addEventListener("pointercancel", end);
  // The browser's own menu would lie over the sheet.
  list.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
}
