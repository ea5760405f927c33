/**
 * Seconds that a provider asks to wait, from its headers, or undefined if it says nothing.
 *
 * `Retry-After` is seconds or a date (RFC 9110). Brave and OpenAlex have `X-RateLimit-Reset` instead: seconds for each
 * of their windows, of which those count whose `X-RateLimit-Remaining` is 0.
 */
export function secondsToWait(headers: Record<string, string | string[] | undefined>, now: number): number | undefined {
  const retryAfter = one(headers['retry-after']);
  if (retryAfter !== undefined) {
    const seconds = Number(retryAfter);
    if (retryAfter.trim() !== '' && Number.isFinite(seconds)) return Math.max(0, seconds);
    const date = Date.parse(retryAfter);
    if (!Number.isNaN(date)) return Math.max(0, (date - now) / 1000);
  }
  const resets = numbers(headers['x-ratelimit-reset']);
  const remaining = numbers(headers['x-ratelimit-remaining']);
  const spent = resets.filter((seconds, window) => remaining[window] === 0 && seconds >= 0 && seconds < A_YEAR);
  return spent.length > 0 ? Math.max(...spent) : undefined;
}

/** Anything longer is not a number of seconds but a point in time, which no provider here documents. */
const A_YEAR = 366 * 24 * 3600;

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

const numbers = (value: string | string[] | undefined) =>
  (one(value) ?? '').split(',').map((n) => Number.parseFloat(n));
