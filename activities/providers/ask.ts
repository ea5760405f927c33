import { request } from 'undici';
import type { ZodType } from 'zod';
import { limitedText } from '../limited-text.ts';
import { type Asked, type Headers, ProviderError, providerFailure } from './failure.ts';
import type { ProviderOptions } from './provider.ts';

/** One request to a provider. With a `body` it is a POST of JSON, else a GET. */
export interface ProviderRequest extends Asked {
  baseUrl: string;
  /** Below the base address, with a leading slash. */
  path: string;
  /** Parameters; those that are undefined are left out. */
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  options: ProviderOptions;
  signal: AbortSignal;
}

/** Providers answer in a second or two, SearXNG as slowly as its slowest engine; past this another one is faster. */
const DEFAULT_TIMEOUT_MS = 20_000;

/** Ten times the largest answer seen (100 papers with abstracts); keeps a broken service from filling the memory. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** The answer's text and headers. Throws `ProviderError` unless the status is 2xx. */
export async function askText(asked: ProviderRequest): Promise<{ text: string; headers: Headers }> {
  const { signal, options } = asked;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  signal.throwIfAborted();
  try {
    const response = await request(addressOf(asked), {
      method: asked.body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        'user-agent': userAgent(options.contact),
        ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await readText(asked.provider, response.body);
    const { statusCode: status, headers } = response;
    if (status < 200 || status > 299) throw providerFailure(asked, { status, headers, body: text });
    return { text, headers };
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    if (signal.aborted) throw signal.reason;
    throw providerFailure(asked, { error, timeoutMs });
  }
}

/** The answer as JSON of the schema's shape, with its headers. Throws `ProviderError` for anything else. */
export async function askJson<T>(asked: ProviderRequest, schema: ZodType<T>): Promise<{ answer: T; headers: Headers }> {
  const { text, headers } = await askText(asked);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ProviderError(
      'bad-answer',
      asked.provider,
      `${asked.provider} answered with something that is not JSON.`,
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { answer: parsed.data, headers };
  throw new ProviderError('bad-answer', asked.provider, `${asked.provider} answered with JSON of an unknown shape.`);
}

/** A base address may have a path of its own, as a SearXNG instance behind a proxy has. */
function addressOf({ baseUrl, path, query }: ProviderRequest): URL {
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

const readText = (provider: string, body: AsyncIterable<Uint8Array>): Promise<string> =>
  limitedText(
    body,
    MAX_ANSWER_BYTES,
    () => new ProviderError('bad-answer', provider, `${provider} answered with more than 8 MiB.`),
  );

/** Wikimedia, Crossref and arXiv ask for a name and a contact, and slow down or shut out those without. */
function userAgent(contact: string | undefined): string {
  const product = 'temporal-deep-research/0.1';
  if (!contact) return product;
  return `${product} (${contact.includes('@') && !contact.startsWith('mailto:') ? `mailto:${contact}` : contact})`;
}
