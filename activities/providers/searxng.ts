import { z } from 'zod';
import { askJson } from './ask.ts';
import { ProviderError } from './failure.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalText, requiredList } from './lenient.ts';
import type { Provider, ProviderOptions, SearchKind } from './provider.ts';

const CATEGORY: Record<SearchKind, string> = { web: 'general', images: 'images', scholar: 'science' };

const Result = z.object({
  url: optionalText,
  title: optionalText,
  content: optionalText,
  publishedDate: optionalText,
  source: optionalText,
  journal: optionalText,
  authors: lenientList(z.string()),
  pdf_url: optionalText,
  img_src: optionalText,
  thumbnail_src: optionalText,
  resolution: optionalText,
});

const Answer = z.object({
  results: requiredList(Result),
  unresponsive_engines: z.array(z.unknown()).catch([]),
});

/**
 * An own SearXNG instance, https://docs.searxng.org/dev/search_api.html. Its settings.yml must list `json` under
 * `search.formats`. There is no parameter for the number of results; a page has about 20.
 */
export function searxng(kind: SearchKind, options: ProviderOptions & { baseUrl: string }): Provider {
  const name = 'searxng';
  return {
    name,
    kind,
    async search({ text, language, region, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          baseUrl: options.baseUrl,
          path: '/search',
          query: {
            q: text,
            format: 'json',
            categories: CATEGORY[kind],
            language: region ? `${language}-${region}` : language,
          },
          options,
          signal,
        },
        Answer,
      ).catch((error) => {
        throw explained(error);
      });
      // All engines blocked looks like no results; another provider may well have some.
      if (answer.results.length === 0 && answer.unresponsive_engines.length > 0) {
        throw new ProviderError('unavailable', name, 'None of the search engines behind searxng answered.');
      }
      return toHits(name, limit, answer.results.map(toRaw));
    },
  };
}

function toRaw(result: z.infer<typeof Result>) {
  const [width, height] = (result.resolution ?? '').split(/\s*[x×]\s*/).map((n) => Number.parseInt(n, 10));
  return {
    title: result.title,
    url: result.url,
    snippet: result.content,
    published: result.publishedDate,
    source: result.journal ?? result.source,
    authors: result.authors,
    pdfUrl: result.pdf_url,
    image: { url: result.img_src, thumbnailUrl: result.thumbnail_src, width, height },
  };
}

/** 403 is how SearXNG says that a format is not switched on. */
function explained(error: unknown): unknown {
  if (!(error instanceof ProviderError) || error.status !== 403) return error;
  const message = 'searxng does not give JSON (status 403): its settings.yml must list json under search.formats.';
  return new ProviderError('unavailable', 'searxng', message, { status: 403 });
}
