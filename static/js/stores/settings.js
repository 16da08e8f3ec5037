import { read, write } from "../lib/storage.js";

const YEAR = 31_536_000;

export const soundOn = () => read("sound") !== "off";
export const setSound = (on) => write("sound", on ? "" : "off");

const touchKeyboard = matchMedia("(hover: none) and (pointer: coarse)");

/** "send", "break", or "" to decide by the keyboard. */
export const returnKey = () => read("return");
export const setReturnKey = (name) => write("return", name);
export const returnSends = () => (returnKey() ? returnKey() === "send" : !touchKeyboard.matches);

/** "light", "dark", or "" to follow the system. */
export const theme = () => document.documentElement.dataset.theme ?? "";

export function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  const [light, dark] = document.querySelectorAll('[name="theme-color"]');
  // The colour of the device's bars, for either system scheme.
  for (const meta of [light, dark]) meta.content = ({ light, dark }[name] ?? meta).dataset.own;
  setCookie("theme", name);
}

function setCookie(name, value) {
  const age = value ? YEAR : 0;
  document.cookie = `${name}=${value}; path=/; max-age=${age}; SameSite=Lax`;
}
