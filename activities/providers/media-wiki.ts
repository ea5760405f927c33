import { z } from 'zod';
import { askJson, type ProviderRequest } from './ask.ts';
import { ProviderError } from './failure.ts';
import { optionalObject, optionalText } from './lenient.ts';
import { secondsToWait } from './wait-told.ts';

const WithError = z.looseObject({ error: optionalObject(z.object({ code: optionalText })) });

/** Codes with which MediaWiki asks to come back later. */
const LATER = new Set(['ratelimited', 'maxlag', 'readonly', 'cirrussearch-too-busy-error', 'search-backend-error']);

/** A question to MediaWiki's action API, which reports its errors in answers with status 200. */
export async function askMediaWiki<T>(asked: Omit<ProviderRequest, 'path'>, schema: z.ZodType<T>): Promise<T> {
  const query = { action: 'query', format: 'json', formatversion: 2, ...asked.query };
  const { answer, headers } = await askJson({ ...asked, path: '/w/api.php', query }, WithError);
  if (answer.error) {
    const code = answer.error.code?.replace(/[^\w-]/g, '') ?? 'unknown';
    const seconds = secondsToWait(headers, Date.now());
    const message = `${asked.provider} answered with the error ${code}.`;
    if (!LATER.has(code)) throw new ProviderError('bad-answer', asked.provider, message);
    const kind = code === 'ratelimited' ? 'rate-limited' : 'unavailable';
    throw new ProviderError(kind, asked.provider, message, {
      retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
    });
  }
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ProviderError('bad-answer', asked.provider, `${asked.provider} answered with JSON of an unknown shape.`);
}

/** CirrusSearch refuses queries of more than 300 characters. */
export const QUERY_LIMIT = { characters: 300 };
