import { setTheme, theme } from "../stores/settings.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Cycles through the system's theme, the opposite one, and the same one set explicitly: the first click always has a visible effect. */
class ThemeButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.choose());
    this.show();
  }

  choose() {
    const themes = dark.matches ? ["", "light", "dark"] : ["", "dark", "light"];
    setTheme(themes[(themes.indexOf(theme()) + 1) % themes.length]);
    this.show();
  }

  /** Labels the button with the current theme. */
  show() {
    const label = this.button.dataset[theme() || "system"];
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
  }
}

customElements.define("theme-button", ThemeButton);
