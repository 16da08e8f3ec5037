import { on } from "../lib/bus.js";

let state = "";

on("connection", (now) => {
  state = now.state;
  document.querySelector(".app").classList.toggle("is-offline", isOffline());
});

export const isOffline = () => state === "offline";
