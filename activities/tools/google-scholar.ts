import type { SearchHit } from '../providers/provider.ts';
import { providerTool } from './provider-tool.ts';
import type { ShownHit } from './results/search-results.ts';
import type { WebSearch } from './web-search.ts';

/** Names of authors shown; a large collaboration has thousands. */
const AUTHORS = 8;

/** `google_scholar`: papers, whoever is asked for them. */
export const makeScholarTool = (search: WebSearch) => providerTool('google_scholar', search, paper);

/** The format has no place of its own for authors, citations and the free text: they lead the excerpt. */
function paper({ authors = [], citedBy, pdfUrl, snippet, ...hit }: SearchHit): ShownHit {
  const names = authors.length > AUTHORS ? [...authors.slice(0, AUTHORS), 'and others'] : authors;
  const facts = [
    ...(names.length > 0 ? [`Authors: ${names.join(', ')}`] : []),
    ...(citedBy === undefined ? [] : [`Cited by: ${citedBy}`]),
    ...(pdfUrl && pdfUrl !== hit.url ? [`Full text: ${pdfUrl}`] : []),
  ];
  return { ...hit, snippet: [...facts, ...(snippet ? [snippet] : [])].join('\n') };
}
