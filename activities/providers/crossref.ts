import { z } from 'zod';
import { askJson } from './ask.ts';
import { cleanText } from './clean-text.ts';
import { fromParts } from './dates.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalNumber, optionalObject, optionalText, requiredList } from './lenient.ts';
import type { Provider, ProviderOptions } from './provider.ts';

const Work = z.object({
  DOI: optionalText,
  URL: optionalText,
  title: lenientList(z.string()),
  abstract: optionalText,
  author: lenientList(z.object({ given: optionalText, family: optionalText, name: optionalText })),
  'container-title': lenientList(z.string()),
  issued: optionalObject(z.object({ 'date-parts': z.array(z.array(z.number().nullable())) })),
  'is-referenced-by-count': optionalNumber,
});

const Answer = z.object({ message: z.object({ items: requiredList(Work) }) });

const FIELDS = Object.keys(Work.shape).join(',');

/** https://api.crossref.org: titles, authors and journals are searched. A contact gives a place in the polite pool. */
export function crossref(options: ProviderOptions): Provider {
  const name = 'crossref';
  return {
    name,
    kind: 'scholar',
    async search({ text, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          baseUrl: options.baseUrl ?? 'https://api.crossref.org',
          path: '/works',
          query: {
            'query.bibliographic': text,
            rows: Math.min(limit, 100),
            select: FIELDS,
            mailto: options.contact?.includes('@') ? options.contact.replace(/^mailto:/, '') : undefined,
          },
          options,
          signal,
        },
        Answer,
      );
      return toHits(name, limit, answer.message.items.map(toRaw));
    },
  };
}

function toRaw(work: z.infer<typeof Work>) {
  return {
    // Publishers deposit titles and abstracts with entities in entities (`&amp;lt;i&amp;gt;`); one layer goes here.
    title: cleanText(work.title[0]),
    url: work.URL ?? (work.DOI && `https://doi.org/${work.DOI}`),
    snippet: cleanText(work.abstract).replace(/^abstract[:.\s]+/i, ''),
    published: fromParts(work.issued?.['date-parts'][0] ?? []),
    source: cleanText(work['container-title'][0]),
    authors: work.author.map(({ given, family, name }) => name ?? [given, family].filter(Boolean).join(' ')),
    citedBy: work['is-referenced-by-count'],
  };
}
