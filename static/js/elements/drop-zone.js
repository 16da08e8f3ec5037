const carriesFile = (event) => event.dataTransfer?.types.includes("Files");

// A file that misses the pane would replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, refuse);

/** Calls `take(files)` for what is dropped on the pane; returns the function that ends it. */
export function watchDrops(pane, take) {
  const zone = pane.querySelector(".drop-zone");
  const show = (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    zone.hidden = false;
  };
  const hide = (event) => {
    if (!pane.contains(event.relatedTarget)) zone.hidden = true;
  };
  const drop = (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    zone.hidden = true;
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  };
  const handlers = { dragenter: show, dragover: show, dragleave: hide, drop };
  for (const [name, handler] of Object.entries(handlers)) pane.addEventListener(name, handler);
  return () => {
    for (const [name, handler] of Object.entries(handlers)) pane.removeEventListener(name, handler);
  };
}

function refuse(event) {
  if (event.defaultPrevented || !carriesFile(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}
