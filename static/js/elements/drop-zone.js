const carriesFile = (event) => event.dataTransfer?.types.includes("Files");

// A file dropped outside the pane would replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, preventDrop);

/** Calls `onFiles(files)` for what is dropped on the pane; returns a function that unsubscribes. */
export function watchDrops(pane, onFiles) {
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
    if (event.dataTransfer.files.length) onFiles([...event.dataTransfer.files]);
  };
  const handlers = { dragenter: show, dragover: show, dragleave: hide, drop };
  for (const [name, handler] of Object.entries(handlers)) pane.addEventListener(name, handler);
  return () => {
    for (const [name, handler] of Object.entries(handlers)) pane.removeEventListener(name, handler);
  };
}

function preventDrop(event) {
  if (event.defaultPrevented || !carriesFile(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}
