const MARGIN = 1000;

/** Calls back at midnight, and when the page becomes visible; returns a function that unsubscribes. */
export function onNewDay(call) {
  let timer = 0;
  const fire = () => {
    call();
    wait();
  };
  const wait = () => {
    timer = setTimeout(fire, untilMidnight());
  };
  const onVisible = () => document.hidden || call();
  document.addEventListener("visibilitychange", onVisible);
  wait();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}

function untilMidnight() {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1) - now + MARGIN;
}
