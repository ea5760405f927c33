import { z } from 'zod';
import { askJson } from './ask.ts';
import { shorten } from './clean-text.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalObject, optionalText } from './lenient.ts';
import type { KeyedProviderOptions, Provider } from './provider.ts';

/** The values Brave takes; any other is answered with 422. https://api-dashboard.search.brave.com/documentation */
const COUNTRIES = new Set(
  'AR AU AT BE BR CA CL DK FI FR DE GR HK IN ID IT JP KR MY MX NL NZ NO CN PL PT PH RU SA ZA ES SE CH TW TR GB US'.split(
    ' ',
  ),
);
const LANGUAGES = new Set(
  'ar eu bn bg ca hr cs da nl en et fi fr gl de el gu he hi hu is it kn ko lv lt ms ml mr nb pl pa ro ru sr sk sl es sv ta te th tr uk vi'.split(
    ' ',
  ),
);

const Result = z.object({
  title: optionalText,
  url: optionalText,
  description: optionalText,
  page_age: optionalText,
  age: optionalText,
  profile: optionalObject(z.object({ name: optionalText })),
  meta_url: optionalObject(z.object({ hostname: optionalText })),
});

/** Without web results the whole `web` part is missing. */
const Answer = z.object({ web: optionalObject(z.object({ results: lenientList(Result) })) });

/** Brave's own index, https://api-dashboard.search.brave.com/api-reference/web/search/get: at most 20 results. */
export function brave(options: KeyedProviderOptions): Provider {
  const name = 'brave';
  return {
    name,
    kind: 'web',
    async search({ text, language, region, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'BRAVE_API_KEY', sent: true },
          baseUrl: options.baseUrl ?? 'https://api.search.brave.com',
          path: '/res/v1/web/search',
          query: {
            q: shorten(text, { characters: 400, words: 50 }),
            count: Math.min(limit, 20),
            country: region && COUNTRIES.has(region) ? region : 'ALL',
            search_lang: searchLanguage(language, region),
            result_filter: 'web',
            text_decorations: 'false',
          },
          headers: { 'x-subscription-token': options.apiKey },
          options,
          signal,
        },
        Answer,
      );
      const results = answer.web?.results ?? [];
      return toHits(
        name,
        limit,
        results.map((result) => ({
          title: result.title,
          url: result.url,
          snippet: result.description,
          published: result.page_age ?? result.age,
          source: result.profile?.name ?? result.meta_url?.hostname,
        })),
      );
    },
  };
}

/** Brave has its own codes for Japanese, Portuguese and Chinese. */
function searchLanguage(language: string, region: string | undefined): string | undefined {
  if (language === 'zh') return region === 'TW' || region === 'HK' ? 'zh-hant' : 'zh-hans';
  if (language === 'ja') return 'jp';
  if (language === 'pt') return region === 'PT' ? 'pt-pt' : 'pt-br';
  return LANGUAGES.has(language) ? language : undefined;
}
