import { steadyNow } from '../steady-now.ts';
import { FetchError } from './fetch-error.ts';
import { parseRobots, type RobotsRules, robotsAllow } from './robots-rules.ts';
import { type Permit, type SafeFetchOptions, safeFetch, userAgent } from './safe-fetch.ts';
import { untilAborted } from './until-aborted.ts';

/** RFC 9309 asks not to keep them longer than a day. */
const KEPT_MS = 24 * 3_600_000;
/** A site that is down should not be asked for its rules with each page, but get another chance soon. */
const FAILURE_KEPT_MS = 5 * 60_000;
const MAX_ORIGINS = 2000;
/** Four times what the RFC asks to read at least. */
const MAX_BYTES = 2 * 1024 * 1024;

interface Entry {
  rules: Promise<RobotsRules | FetchError>;
  until: number;
}

/**
 * Keeps to the robots.txt of sites. The result is the `permit` of `SafeFetchOptions`: it throws `FetchError` for what
 * the site does not want programs to read. A site without the file (404 and such, endless redirects, a picture)
 * allows everything; one that has an error of its own (5xx, 429), or cannot be reached, allows nothing.
 *
 * @param options how to fetch the files; the User-Agent's product token is the name that rules are looked up for
 * @param now current time in milliseconds
 */
export function robotsPermit(options: SafeFetchOptions = {}, now: () => number = steadyNow): Permit {
  const agent = options.userAgent ?? userAgent();
  const known = new Map<string, Entry>();

  async function load(origin: string, entry: Entry): Promise<RobotsRules | FetchError> {
    try {
      // No caller's signal: whoever else waits for the same file must not fail with the first who gives up.
      const { bytes } = await safeFetch(`${origin}/robots.txt`, fetchOptions(options), new AbortController().signal);
      return parseRobots(new TextDecoder().decode(bytes), agent);
    } catch (error) {
      if (!(error instanceof FetchError)) {
        known.delete(origin);
        throw error;
      }
      const isMissing = error.kind === 'http' && error.status! < 500 && error.status !== 429;
      if (isMissing || error.kind === 'redirect' || error.kind === 'type') return [];
      entry.until = now() + FAILURE_KEPT_MS;
      return error;
    }
  }

  function rulesOf(origin: string): Promise<RobotsRules | FetchError> {
    const old = known.get(origin);
    if (old !== undefined && old.until > now()) return old.rules;
    known.delete(origin);
    if (known.size >= MAX_ORIGINS) known.delete(known.keys().next().value!);
    const entry = { until: now() + KEPT_MS } as Entry;
    known.set(origin, entry);
    entry.rules = load(origin, entry);
    return entry.rules;
  }

  return async (url, asked, signal) => {
    const rules = await untilAborted(rulesOf(url.origin), signal);
    if (rules instanceof FetchError) throw unreadable(rules, asked);
    if (!robotsAllow(rules, url))
      throw new FetchError('robots', asked, 'its site asks programs not to read it (robots.txt)');
  };
}

/** What the model should know is why the page stays closed, and that it is not the page's own fault. */
function unreadable({ kind, reason, status }: FetchError, asked: string): FetchError {
  return new FetchError(
    kind,
    asked,
    `the rules of its site for programs could not be read (robots.txt: ${reason})`,
    status,
  );
}

function fetchOptions(options: SafeFetchOptions): SafeFetchOptions {
  const limits = { totalMs: 15_000, ...options.limits, maxBytes: MAX_BYTES };
  // Whatever is served under that name is read as rules, as other programs do: an HTML page has none.
  return {
    ...options,
    limits,
    permit: undefined,
    headers: undefined,
    accept: ['text', 'html', 'json', 'xml', 'binary'],
  };
}
