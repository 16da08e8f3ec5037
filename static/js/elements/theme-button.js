import { setTheme, theme } from "../stores/settings.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Goes through system, the other one of light and dark, and the same one: the first click always changes what is seen. */
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

  /** Says which one it is. */
  show() {
    const label = this.button.dataset[theme() || "system"];
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
  }
}

customElements.define("theme-button", ThemeButton);
