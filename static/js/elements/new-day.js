const AFTER = 1000;

/** Calls back at every midnight, and when the page is looked at again; returns the function that ends it. */
export function onNewDay(call) {
  let timer = 0;
  const fire = () => {
    call();
    wait();
  };
  const wait = () => {
    timer = setTimeout(fire, untilMidnight());
  };
  const look = () => document.hidden || call();
  document.addEventListener("visibilitychange", look);
  wait();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

function untilMidnight() {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1) - now + AFTER;
}
