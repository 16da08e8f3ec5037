import { setTheme, theme } from "../stores/settings.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** From whatever is shown to the other one. */
class ThemeButton extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  }
}

function isDark() {
  return theme() ? theme() === "dark" : dark.matches;
}

customElements.define("theme-button", ThemeButton);
