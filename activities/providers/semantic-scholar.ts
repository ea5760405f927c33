import { z } from 'zod';
import { askJson } from './ask.ts';
import { toHits } from './hit.ts';
import { lenientList, optionalNumber, optionalObject, optionalText } from './lenient.ts';
import type { Provider, ProviderOptions } from './provider.ts';

const Paper = z.object({
  paperId: optionalText,
  url: optionalText,
  title: optionalText,
  abstract: optionalText,
  venue: optionalText,
  year: optionalText,
  publicationDate: optionalText,
  citationCount: optionalNumber,
  authors: lenientList(z.object({ name: optionalText })),
  externalIds: optionalObject(z.object({ DOI: optionalText, ArXiv: optionalText })),
  openAccessPdf: optionalObject(z.object({ url: optionalText })),
  tldr: optionalObject(z.object({ text: optionalText })),
});

/** Without results the whole `data` part is missing. */
const Answer = z.object({ data: lenientList(Paper) });

const FIELDS = Object.keys(Paper.shape).join(',');

/**
 * https://api.semanticscholar.org/api-docs/graph: relevance search, at most 100 papers. Without a key all callers of
 * the world share one pool, and 429 is common.
 */
export function semanticScholar(options: ProviderOptions & { apiKey?: string }): Provider {
  const name = 'semantic-scholar';
  return {
    name,
    kind: 'scholar',
    // A key is good for one request a second.
    minIntervalMs: 1000,
    async search({ text, limit }, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'SEMANTIC_SCHOLAR_API_KEY', sent: options.apiKey !== undefined },
          baseUrl: options.baseUrl ?? 'https://api.semanticscholar.org',
          path: '/graph/v1/paper/search',
          query: {
            // Words with hyphens find nothing there; as two words they do.
            query: text.replace(/(?<=\w)-(?=\w)/g, ' '),
            limit: Math.min(limit, 100),
            fields: FIELDS,
          },
          headers: options.apiKey ? { 'x-api-key': options.apiKey } : {},
          options,
          signal,
        },
        Answer,
      );
      return toHits(name, limit, answer.data.map(toRaw));
    },
  };
}

/** The paper's own address (arXiv, DOI) can be visited and cited; Semantic Scholar's page needs a browser. */
function toRaw(paper: z.infer<typeof Paper>) {
  const { ArXiv: arxiv, DOI: doi } = paper.externalIds ?? {};
  return {
    title: paper.title,
    url: arxiv ? `https://arxiv.org/abs/${arxiv}` : doi ? `https://doi.org/${doi}` : paper.url,
    snippet: paper.abstract ?? paper.tldr?.text,
    published: paper.publicationDate ?? paper.year,
    source: paper.venue,
    authors: paper.authors.map(({ name }) => name),
    citedBy: paper.citationCount,
    pdfUrl: paper.openAccessPdf?.url,
  };
}
