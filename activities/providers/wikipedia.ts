import { z } from 'zod';
import { shorten } from './clean-text.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalObject, optionalText } from './lenient.ts';
import { askMediaWiki, QUERY_LIMIT } from './media-wiki.ts';
import type { Provider, ProviderOptions } from './provider.ts';

const Answer = z.object({
  query: optionalObject(z.object({ search: lenientList(z.object({ title: optionalText, snippet: optionalText })) })),
});

/**
 * Full-text search of the Wikipedia in the query's language, https://www.mediawiki.org/wiki/API:Search. `{language}` in
 * the base address stands for the language's code. The time of the last edit is no date of publication and is left out.
 */
export function wikipedia(options: ProviderOptions): Provider {
  const name = 'wikipedia';
  return {
    name,
    kind: 'web',
    async search({ text, language, limit }, signal) {
      const baseUrl = (options.baseUrl ?? 'https://{language}.wikipedia.org').replaceAll('{language}', language);
      const srsearch = shorten(text, QUERY_LIMIT);
      const query = { list: 'search', srsearch, srlimit: Math.min(limit, 50), srprop: 'snippet', srinfo: '' };
      const answer = await askMediaWiki({ provider: name, baseUrl, query, options, signal }, Answer);
      return toHits(
        name,
        limit,
        (answer.query?.search ?? []).map(({ title, snippet }) => ({
          title,
          url: title && `${baseUrl}/wiki/${pagePath(title)}`,
          snippet,
          source: 'Wikipedia',
        })),
      );
    },
  };
}

/** As Wikipedia writes its own addresses: underscores for spaces, and the harmless marks unescaped. */
const pagePath = (title: string) =>
  encodeURIComponent(title.replaceAll(' ', '_')).replace(/%(?:2C|2F|3A|40)/g, (code) => decodeURIComponent(code));
