import { z } from 'zod';
import { askJson } from './ask.ts';
import { shorten } from './clean-text.ts';
import { toHits } from './hit.ts';
import { optionalText, requiredList } from './lenient.ts';
import type { KeyedProviderOptions, Provider } from './provider.ts';

/** Tavily wants countries by their English names in small letters and refuses unknown ones; these it has. */
const COUNTRY: Record<string, string> = {
  AU: 'australia',
  BR: 'brazil',
  CA: 'canada',
  CN: 'china',
  DE: 'germany',
  ES: 'spain',
  FR: 'france',
  GB: 'united kingdom',
  GR: 'greece',
  IL: 'israel',
  IN: 'india',
  IR: 'iran',
  IT: 'italy',
  JP: 'japan',
  KR: 'south korea',
  RU: 'russia',
  TH: 'thailand',
  TW: 'taiwan',
  UA: 'ukraine',
  US: 'united states',
};

const Result = z.object({
  title: optionalText,
  url: optionalText,
  content: optionalText,
  published_date: optionalText,
});

const Answer = z.object({ results: requiredList(Result) });

/** https://docs.tavily.com/documentation/api-reference/endpoint/search: a basic search, one credit, at most 20 results. */
export function tavily(options: KeyedProviderOptions): Provider {
  const name = 'tavily';
  return {
    name,
    kind: 'web',
    async search({ text, region, limit }, signal) {
      const country = region && COUNTRY[region];
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'TAVILY_API_KEY', sent: true },
          baseUrl: options.baseUrl ?? 'https://api.tavily.com',
          path: '/search',
          headers: { authorization: `Bearer ${options.apiKey}` },
          body: {
            query: shorten(text, { characters: 400 }),
            search_depth: 'basic',
            topic: 'general',
            max_results: Math.min(limit, 20),
            ...(country ? { country } : {}),
          },
          options,
          signal,
        },
        Answer,
      );
      return toHits(
        name,
        limit,
        answer.results.map(({ title, url, content, published_date }) => ({
          title,
          url,
          snippet: content,
          published: published_date,
        })),
      );
    },
  };
}
