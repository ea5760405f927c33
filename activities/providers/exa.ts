import { z } from 'zod';
import { askJson } from './ask.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalText, requiredList } from './lenient.ts';
import type { KeyedProviderOptions, Provider } from './provider.ts';

const Result = z.object({
  title: optionalText,
  url: optionalText,
  publishedDate: optionalText,
  author: optionalText,
  highlights: lenientList(z.string()),
  summary: optionalText,
  text: optionalText,
});

const Answer = z.object({ results: requiredList(Result) });

/** Enough for a snippet where a page has no highlights. */
const TEXT_CHARACTERS = 500;

/** https://exa.ai/docs/reference/search: at most 100 results, with the passages that fit the query as snippets. */
export function exa(options: KeyedProviderOptions): Provider {
  const name = 'exa';
  return {
    name,
    kind: 'web',
    async search({ text, region, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'EXA_API_KEY', sent: true },
          baseUrl: options.baseUrl ?? 'https://api.exa.ai',
          path: '/search',
          headers: { 'x-api-key': options.apiKey },
          body: {
            query: text,
            type: 'auto',
            numResults: Math.min(limit, 100),
            contents: { highlights: true },
            ...(region ? { userLocation: region } : {}),
          },
          options,
          signal,
        },
        Answer,
      );
      return toHits(
        name,
        limit,
        answer.results.map((result) => ({
          title: result.title,
          url: result.url,
          snippet: result.highlights.join(' … ') || result.summary || result.text?.slice(0, TEXT_CHARACTERS),
          published: result.publishedDate,
          authors: [result.author],
        })),
      );
    },
  };
}
