import { request } from 'undici';
import { z } from 'zod';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { limitedText } from '../limited-text.ts';
import type { Secret } from '../secret.ts';

/** The Jina Reader, at its own address or another that speaks the same. */
export interface JinaSettings {
  /** Default `https://r.jina.ai`. */
  url?: string;
  /** Without one the service serves few requests a minute. */
  apiKey?: Secret;
}

/** A browser there loads the page and waits for its scripts. */
const TIME_LIMIT_MS = 90_000;

/** As much as is fetched of any page. */
const MAX_BYTES = 10 * 1024 * 1024;

const answerShape = z.object({
  data: z.object({ title: z.string().nullish(), content: z.string(), publishedTime: z.string().nullish() }),
});

/** Why the service did not serve, as the end of a sentence. */
export class JinaFailure extends Error {
  override name = 'JinaFailure';
}

/** Has the service read a page. Throws `JinaFailure`, and the reason of `signal` when that aborts. */
export async function readWithJina(
  url: string,
  settings: JinaSettings,
  signal: AbortSignal,
): Promise<ReadableDocument> {
  const { apiKey } = settings;
  let status: number;
  let text: string;
  try {
    const response = await request(settings.url ?? 'https://r.jina.ai', {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-engine': 'browser',
        ...(apiKey ? { authorization: `Bearer ${apiKey.reveal()}` } : {}),
      },
      body: JSON.stringify({ url }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
    });
    status = response.statusCode;
    text = await limitedText(response.body, MAX_BYTES, () => new JinaFailure('answered with more than 10 MB'));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof JinaFailure) throw error;
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    throw new JinaFailure(isLate ? `did not answer in ${TIME_LIMIT_MS / 1000} seconds` : 'could not be reached');
  }
  if (status === 401 || status === 402 || status === 403)
    throw new JinaFailure(`refused (${status}); the worker's JINA_API_KEY should be checked`);
  if (status < 200 || status > 299) throw new JinaFailure(`answered ${status}`);
  const { data } = parsed(text);
  if (data.content.trim() === '') throw new JinaFailure('found no text either');
  const title = data.title?.trim();
  const head = [
    title && !data.content.startsWith('# ') && `# ${title}`,
    data.publishedTime && `Date published: ${data.publishedTime}`,
  ];
  return {
    kind: 'html',
    ...(title && { title }),
    text: [...head.filter(Boolean), data.content.replace(/\r\n?/g, '\n').trim()].join('\n\n'),
  };
}

function parsed(text: string): z.output<typeof answerShape> {
  try {
    return answerShape.parse(JSON.parse(text));
  } catch {
    throw new JinaFailure('answered with something else than a page');
  }
}
