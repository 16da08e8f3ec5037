const LEAST = 500;
const MOST = 30_000;

/** Milliseconds to wait after `tries` failures, spread at random so that clients do not return in step. */
export function backoff(tries, most = MOST) {
  const ceiling = Math.min(most, 2 * LEAST * 2 ** tries);
  return LEAST + Math.random() * (ceiling - LEAST);
}
