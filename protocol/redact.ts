/** Values that must not be shown, of this process. */
const hidden = new Set<string>();
/** Of these the names and passwords of addresses, as they stand in a header. */
const logins = new Set<string>();

/** Hiding shorter ones would make texts unreadable and hide nothing. */
const SHORTEST = 6;

const SHOWN = '[secret]';

/** From here on `redact` takes the value out of every text; of a header (`Bearer abc`) also what follows its scheme. */
export function hide(value: string): void {
  for (const each of [value, value.replace(/^(bearer|basic|token)\s+/i, '')]) {
    if (each.trim().length >= SHORTEST) hidden.add(each);
  }
}

/** `https://name:password@host`: all up to the @. */
const LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@]+@/gi;

/** Parameters of addresses that let in whoever has them: keys, tokens, signatures. */
const PARAMETER =
  /([?&](?:[\w.-]*(?:key|token|secret|signature|passw(?:or)?d|credential)|sig|auth|x-amz-[\w-]+)=)[^&\s"'#)\]]+/gi;

/** Hides what in the addresses of a text lets in: a server may quote it without the address around it. */
export function hideInAddresses(text: string): void {
  for (const [address] of text.matchAll(/\bhttps?:\/\/[^\s"'<>,\]}]+/gi)) {
    const url = URL.parse(address);
    if (!url) continue;
    for (const value of [url.password, ...url.searchParams.values()]) {
      hide(value);
      hide(decoded(value));
    }
    if (url.password) logins.add(base64(`${decoded(url.username)}:${decoded(url.password)}`));
  }
}

/** Of the UTF-8 bytes; `btoa` takes no others. */
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The text without the secrets that this process knows, and without what in addresses is likely to be one. For logs,
 * traces and failures: the last guard, where the first is that nobody writes a secret there.
 */
export function redact(text: string): string {
  return without([...logins, ...hidden], text)
    .replace(LOGIN, '$1…@')
    .replace(PARAMETER, '$1…');
}

/**
 * The same for a result that a model reads, where only what looks like a key is taken out: a setting such as a language
 * may be its subject, and an address with a parameter its source.
 */
export const withoutKeys = (text: string): string =>
  without([...logins, ...[...hidden].filter((value) => /^[^\s/]{12,}$/.test(value))], text);

/** The longest first: one may be the beginning of another. */
const without = (secrets: string[], text: string): string =>
  secrets
    .filter((secret) => text.includes(secret))
    .sort((one, other) => other.length - one.length)
    .reduce((shown, secret) => shown.replaceAll(secret, SHOWN), text);
