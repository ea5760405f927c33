import { ToolError } from '../tools/tool.ts';

/** Why a page could not be had. */
export type FetchErrorKind =
  | 'url' // not an address that is opened at all
  | 'refused' // leads somewhere that is not public
  | 'robots' // the site asks programs to keep out
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout' // a limit of time, or too little progress
  | 'http' // a status other than 2xx, see `status`
  | 'redirect'
  | 'protocol' // the answer breaks HTTP
  | 'incomplete'
  | 'too-large'
  | 'encoding' // the content's compression is unknown, broken or a bomb
  | 'type' // a kind of content that was not asked for
  | 'browser'; // the browser that a page needs could not show it

const TRANSIENT: ReadonlySet<FetchErrorKind> = new Set(['connect', 'timeout', 'incomplete']);
const TRANSIENT_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * A page that could not be had. The message is one sentence for the model: it names the page that was asked for
 * (without user, password and query, which may hold secrets) and never an address that a name or redirect led to.
 * Nothing of the network's own error is attached, since causes end up in histories and logs.
 */
export class FetchError extends ToolError {
  override name = 'FetchError';
  readonly kind: FetchErrorKind;
  /** The part of the message after the colon, without the full stop. */
  readonly reason: string;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;

  constructor(kind: FetchErrorKind, url: string, reason: string, status?: number) {
    super(`The page at ${displayUrl(url)} could not be opened: ${reason}.`);
    this.kind = kind;
    this.reason = reason;
    this.status = status;
  }

  /** Whether the same request may succeed a little later. */
  get transient(): boolean {
    return TRANSIENT.has(this.kind) || (this.status !== undefined && TRANSIENT_STATUS.has(this.status));
  }
}

/** An address as messages show it: at most 200 characters, no user information, `?…` for a query. */
export function displayUrl(url: string): string {
  const parsed = URL.parse(url);
  const shown =
    parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
      ? `${parsed.origin}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`
      : `"${url
          .slice(0, 400)
          .replace(/[\s\p{Cc}]+/gu, ' ')
          .replace(/^([a-z+.-]*:?\/*)[^/@]*@/i, '$1')
          .replace(/\?.*$/, '?…')}"`;
  return shown.length > 200 ? `${shown.slice(0, 199)}…` : shown;
}
