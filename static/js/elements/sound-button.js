import { playChime } from "../lib/sound.js";
import { setSound, soundOn } from "../stores/settings.js";

/** Turns the sound on and off; the style sheet shows the icon for it. */
class SoundButton extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.toggle());
    this.show();
  }

  toggle() {
    setSound(!soundOn());
    this.show();
    if (soundOn()) playChime();
  }

  show() {
    this.button.setAttribute("aria-pressed", String(soundOn()));
  }
}

customElements.define("sound-button", SoundButton);
