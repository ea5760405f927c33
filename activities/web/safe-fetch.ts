import { Agent, type Dispatcher } from 'undici';
import { type AddressPolicy, addressPolicy } from './address.ts';
import { pageCharset } from './charset.ts';
import { pinnedConnector } from './connector.ts';
import { ACCEPT_ENCODING } from './content-coding.ts';
import { type ContentKind, contentType } from './content-kind.ts';
import { FetchError } from './fetch-error.ts';
import { DEFAULT_LIMITS, type FetchLimits } from './limits.ts';
import { type Network, systemNetwork } from './network.ts';
import { networkFailure } from './network-failure.ts';
import { readBody } from './read-body.ts';
import { untilAborted } from './until-aborted.ts';
import { checkUrl } from './web-url.ts';

type Response = Dispatcher.ResponseData;

/** Asked before each request for a page, redirects included; throws to keep from making it. */
export type Permit = (url: URL, asked: string, signal: AbortSignal) => Promise<void>;

export interface SafeFetchOptions {
  /** Default: `userAgent()`. */
  userAgent?: string;
  /** Which hosts and addresses may be reached. Default: public ones, see `addressPolicy`. */
  policy?: AddressPolicy;
  /** Ports to open besides 80, 443 and those from 1024 up that no other service has. */
  ports?: readonly number[];
  limits?: Partial<FetchLimits>;
  /** More request headers, such as `accept-language`. Sent to the first origin only; cookies are never sent. */
  headers?: Readonly<Record<string, string>>;
  /** Kinds of content wanted. Default: everything but `binary`, `audio` and `video`. */
  accept?: readonly ContentKind[];
  permit?: Permit;
  /** PEM certificates to trust besides the usual ones. */
  ca?: readonly string[];
  /** Default: the machine's resolver and TCP. */
  network?: Network;
}

export interface Fetched {
  /** As asked for. */
  url: string;
  /** Where the content came from, after redirects; without fragment. */
  finalUrl: string;
  /** 200 to 299. */
  status: number;
  kind: ContentKind;
  mediaType: string;
  /** A name `TextDecoder` knows; undefined where neither the server nor the page says. */
  charset: string | undefined;
  /** Unpacked. */
  bytes: Uint8Array;
}

/** The other kinds are nothing a reader of pages can use. */
const READABLE: readonly ContentKind[] = ['html', 'text', 'json', 'xml', 'pdf', 'office', 'archive', 'image'];
const KIND_NAMES: Record<ContentKind, string> = {
  html: 'an HTML page',
  text: 'a text',
  json: 'JSON data',
  xml: 'XML data',
  pdf: 'a PDF document',
  office: 'an office document',
  image: 'an image',
  archive: 'an archive',
  audio: 'a sound file',
  video: 'a video',
  binary: 'a file in a binary format',
};
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const NOT_OURS_TO_SEND = new Set(['cookie', 'host', 'connection', 'content-length', 'transfer-encoding']);

/** A User-Agent that says who asks; `contact` is an address or page by which a site's operator reaches ours. */
export function userAgent(contact?: string): string {
  return contact ? `temporal-deep-research (+${contact})` : 'temporal-deep-research';
}

/**
 * Fetches a page from the public internet with GET, whatever address a model or a page came up with. Each address,
 * that of every redirect too, is checked before it is looked up, all addresses its name has are checked, and the
 * connection goes to those and no others. Size, time, progress, redirects and compression are limited
 * (`DEFAULT_LIMITS`). Throws `FetchError` with a sentence for the model, and the reason of `signal` when that aborts.
 */
export async function safeFetch(url: string, options: SafeFetchOptions, signal: AbortSignal): Promise<Fetched> {
  signal.throwIfAborted();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const policy = options.policy ?? addressPolicy();
  const over = new AbortController();
  const late = () => over.abort(new FetchError('timeout', url, `it took longer than ${limits.totalMs / 1000} seconds`));
  const timer = setTimeout(late, limits.totalMs);
  const stop = AbortSignal.any([signal, over.signal]);
  const network = options.network ?? systemNetwork;
  const agent = new Agent({
    connect: pinnedConnector({
      network,
      policy,
      asked: url,
      connectMs: limits.connectMs,
      ca: options.ca,
      signal: stop,
    }),
    allowH2: false,
    connections: 1,
    pipelining: 1,
    maxHeaderSize: limits.maxHeaderBytes,
    // The limits of time here are finer than these two.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    return await follow({ url, options, limits, policy, agent, stop });
  } catch (error) {
    throw stop.aborted ? stop.reason : error;
  } finally {
    clearTimeout(timer);
    // Closes every connection, so there is nothing to wait for.
    over.abort();
    void agent.destroy();
  }
}

interface Job {
  url: string;
  options: SafeFetchOptions;
  limits: FetchLimits;
  policy: AddressPolicy;
  agent: Agent;
  stop: AbortSignal;
}

/** Requests the address, and what it redirects to, until there is content. */
async function follow(job: Job): Promise<Fetched> {
  const { url: asked, options, limits, policy, stop } = job;
  const rules = { policy, ports: options.ports };
  let address = checkUrl(asked, rules, asked);
  let ownHeaders = options.headers ?? {};
  const seen = new Set<string>();
  while (true) {
    if (seen.has(address.href)) throw new FetchError('redirect', asked, 'it redirects in a circle');
    if (seen.size > limits.maxRedirects)
      throw new FetchError('redirect', asked, `it redirects more than ${limits.maxRedirects} times`);
    seen.add(address.href);
    if (options.permit) await untilAborted(options.permit(address, asked, stop), stop);

    const response = await request(job, address, ownHeaders);
    const location = first(response.headers.location);
    if (!REDIRECTS.has(response.statusCode) || location === undefined) return content(job, address, response);
    discard(response);
    const target = utf8(location);
    const next = checkUrl(URL.parse(target, address.href) ?? target, rules, asked);
    // For good: a site that is redirected to must not get them back by redirecting once more.
    if (next.origin !== address.origin) ownHeaders = {};
    address = next;
  }
}

async function request(job: Job, address: URL, ownHeaders: Readonly<Record<string, string>>): Promise<Response> {
  const { agent, options, stop, url: asked } = job;
  const headers: Record<string, string> = {
    accept: 'text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8',
    'user-agent': options.userAgent ?? userAgent(),
  };
  for (const [name, value] of Object.entries(ownHeaders))
    if (!NOT_OURS_TO_SEND.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  headers['accept-encoding'] = ACCEPT_ENCODING;
  try {
    const path = address.pathname + address.search;
    return await agent.request({ origin: address.origin, path, method: 'GET', headers, signal: stop });
  } catch (error) {
    throw networkFailure(error, asked, 'headers');
  }
}

/** Reads the answer that is no redirect. */
async function content(job: Job, address: URL, response: Response): Promise<Fetched> {
  const { url, options, limits, stop } = job;
  const status = response.statusCode;
  if (status < 200 || status > 299) {
    discard(response);
    throw new FetchError('http', url, `its server answered ${status}`, status);
  }
  const accept = options.accept ?? READABLE;
  const header = first(response.headers['content-type']) ?? '';
  const headers = {
    contentLength: first(response.headers['content-length']),
    contentEncoding: [response.headers['content-encoding'] ?? ''].flat().join(','),
  };
  try {
    const bytes = await readBody(response.body, headers, limits, url, (head) => refuseEarly(head, header), stop);
    const { kind, mediaType } = contentType(bytes, header);
    if (!accept.includes(kind)) throw unwanted(kind, mediaType);
    return { url, finalUrl: address.href, status, kind, mediaType, charset: pageCharset(bytes, header, kind), bytes };
  } catch (error) {
    throw networkFailure(error, url, 'body');
  }

  /** Saves reading a long video to its end; what looks like an archive may yet be an office document. */
  function refuseEarly(head: Buffer, header: string): void {
    const { kind, mediaType } = contentType(head, header);
    if (kind !== 'archive' && !accept.includes(kind)) throw unwanted(kind, mediaType);
  }

  function unwanted(kind: ContentKind, mediaType: string): FetchError {
    return new FetchError('type', url, `it is ${KIND_NAMES[kind]} (${mediaType}), which cannot be read here`);
  }
}

/** Ends an answer whose content is not wanted. */
function discard(response: Response): void {
  response.body.on('error', () => {}).destroy();
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Header values come as Latin-1, but servers write addresses with letters beyond ASCII in UTF-8. */
function utf8(header: string): string {
  const decoded = Buffer.from(header, 'latin1').toString();
  return decoded.includes('\ufffd') ? header : decoded;
}
