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

/** Live no more, and not yet again, whether or not what is sent arrives by other ways. */
export const isReconnecting = () => wasLive && (state === "connecting" || state === "polling");
