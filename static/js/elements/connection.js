import { on } from "../lib/bus.js";

let state = "";
let wasLive = false;

on("connection", (now) => {
  state = now.state;
  wasLive ||= state === "live";
  document.querySelector(".app").classList.toggle("is-offline", isOffline());
});

export const isOffline = () => state === "offline";

export const hasBeenLive = () => wasLive;

/** Whether the live connection was lost and is not back yet, even if polling works. */
export const isReconnecting = () => wasLive && (state === "connecting" || state === "polling");
