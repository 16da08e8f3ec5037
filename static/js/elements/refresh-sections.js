// Refreshes the sections of the profile when its page becomes visible, except those being edited.

export function refreshOnReturn() {
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

async function refresh() {
  const headers = { "X-Expected-User": document.body.dataset.userId };
  const response = await fetch(location.href, { cache: "no-store", headers }).catch(() => null);
  if (!response?.ok) return;
  const now = new DOMParser().parseFromString(await response.text(), "text/html");
  const sections = [...document.querySelectorAll("main > section[id]")].filter(isUntouched);
  // Signed out, in another language, or of another account by now.
  if (response.redirected || now.documentElement.lang !== document.documentElement.lang) return location.reload();
  for (const section of sections) {
    const fresh = now.getElementById(section.id);
    if (fresh) replaceSection(section, document.adoptNode(fresh));
  }
}

function replaceSection(section, fresh) {
  section.replaceWith(fresh);
  htmx.process(fresh);
  htmx.trigger(fresh, "htmx:load");
}

/** Nothing in it is changed, open or focused. */
function isUntouched(section) {
  if (section.contains(document.activeElement) || section.querySelector("[open], [aria-busy=true], .notice, .field__error")) return false;
  return [...section.querySelectorAll("input, textarea, select")].every(isUnchanged);
}

function isUnchanged(field) {
  if (field.matches("select")) return field.selectedIndex === Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  if (field.matches("[type=radio], [type=checkbox]")) return field.checked === field.defaultChecked;
  return field.value === field.defaultValue;
}
