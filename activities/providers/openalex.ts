import { z } from 'zod';
import { askJson } from './ask.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalNumber, optionalObject, optionalText, requiredList } from './lenient.ts';
import type { Provider, ProviderOptions } from './provider.ts';

const Location = z.object({
  landing_page_url: optionalText,
  pdf_url: optionalText,
  source: optionalObject(z.object({ display_name: optionalText })),
});

const Work = z.object({
  id: optionalText,
  doi: optionalText,
  display_name: optionalText,
  publication_date: optionalText,
  publication_year: optionalText,
  cited_by_count: optionalNumber,
  authorships: lenientList(z.object({ author: optionalObject(z.object({ display_name: optionalText })) })),
  primary_location: optionalObject(Location),
  best_oa_location: optionalObject(Location),
  abstract_inverted_index: z.record(z.string(), z.array(z.number())).optional().catch(undefined),
});

const Answer = z.object({ results: requiredList(Work) });

const FIELDS = Object.keys(Work.shape).join(',');

/**
 * https://developers.openalex.org: at most 100 works. The key goes into the address, the only place that OpenAlex
 * documents for it; addresses stand in no message here. Without a key there are about ten searches a day.
 */
export function openAlex(options: ProviderOptions & { apiKey?: string }): Provider {
  const name = 'openalex';
  return {
    name,
    kind: 'scholar',
    async search({ text, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'OPENALEX_API_KEY', sent: options.apiKey !== undefined },
          forbiddenMeansTooOften: true,
          baseUrl: options.baseUrl ?? 'https://api.openalex.org',
          path: '/works',
          query: {
            search: withoutWildcards(text),
            per_page: Math.min(limit, 100),
            select: FIELDS,
            api_key: options.apiKey,
          },
          options,
          signal,
        },
        Answer,
      );
      return toHits(name, limit, answer.results.map(toRaw));
    },
  };
}

function toRaw(work: z.infer<typeof Work>) {
  const best = work.best_oa_location ?? work.primary_location;
  return {
    title: work.display_name,
    url: work.doi ?? work.primary_location?.landing_page_url ?? work.id,
    snippet: abstractOf(work.abstract_inverted_index),
    published: work.publication_date ?? work.publication_year,
    source: work.primary_location?.source?.display_name,
    authors: work.authorships.map(({ author }) => author?.display_name),
    citedBy: work.cited_by_count,
    pdfUrl: best?.pdf_url,
  };
}

/** OpenAlex gives abstracts as each word's places in the text. */
function abstractOf(index: Record<string, number[]> | undefined): string {
  const places = Object.entries(index ?? {}).flatMap(([word, positions]) => positions.map((at) => ({ word, at })));
  return places
    .sort((a, b) => a.at - b.at)
    .map(({ word }) => word)
    .join(' ');
}

/** A question mark or star is a wildcard there, which the plain search refuses. */
const withoutWildcards = (text: string) => text.replace(/[?*~]/g, ' ').replace(/\s+/g, ' ').trim();
