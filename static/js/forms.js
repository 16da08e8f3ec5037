// Forms that htmx sends: what they say to somebody who does not see the page change, and when nothing comes back.

const PAUSE = 100; // milliseconds; what a live region says at once, nobody hears

document.addEventListener("input", ({ target }) => {
  const status = target.form?.querySelector("[role=status]");
  if (status) status.textContent = "";
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  for (const status of target.querySelectorAll("[role=status]")) announce(status);
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ target }) => tellFailure(target));
}

function announce(status) {
  const words = status.textContent;
  if (!words) return;
  status.textContent = "";
  setTimeout(() => { status.textContent = words; }, PAUSE);
}

function tellFailure(form) {
  form.querySelector(".notice")?.remove();
  const failure = document.getElementById("failure");
  form.prepend(failure.content.cloneNode(true));
  form.querySelector(".notice").focus();
}
