const MIN_DELAY = 500;
const MAX_DELAY = 30_000;

/** Milliseconds to wait after that many failures, with jitter so that clients do not retry in step. */
export function backoff(failures, maximum = MAX_DELAY) {
  const ceiling = Math.min(maximum, 2 * MIN_DELAY * 2 ** failures);
  return MIN_DELAY + Math.random() * (ceiling - MIN_DELAY);
}
