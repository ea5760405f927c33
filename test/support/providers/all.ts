import { arxiv } from '../../../activities/providers/arxiv.ts';
import { brave } from '../../../activities/providers/brave.ts';
import { commons } from '../../../activities/providers/commons.ts';
import { crossref } from '../../../activities/providers/crossref.ts';
import { exa } from '../../../activities/providers/exa.ts';
import { openAlex } from '../../../activities/providers/openalex.ts';
import type { Provider, ProviderOptions } from '../../../activities/providers/provider.ts';
import { searxng } from '../../../activities/providers/searxng.ts';
import { semanticScholar } from '../../../activities/providers/semantic-scholar.ts';
import { serper } from '../../../activities/providers/serper.ts';
import { tavily } from '../../../activities/providers/tavily.ts';
import { wikipedia } from '../../../activities/providers/wikipedia.ts';
import type { Behaviour } from './local-server.ts';
import * as scholar from './scholar-services.ts';
import * as web from './web-services.ts';

export interface Case {
  label: string;
  service: Behaviour;
  /** The provider for a server at the address, with the key if it takes one. */
  make(url: string, options?: ProviderOptions & { apiKey?: string }): Provider;
  /** The variable of its key. */
  variable?: string;
  /** It works without the key, too. */
  keyless?: true;
}

const keyed = (options: { apiKey?: string } = {}) => ({ apiKey: web.KEY, ...options });

/** Every provider with the service that answers as its documentation says. */
export const CASES: Case[] = [
  ...(['web', 'images', 'scholar'] as const).map(
    (kind): Case => ({
      label: `searxng ${kind}`,
      service: web.searxngService,
      make: (url, options) => searxng(kind, { ...options, baseUrl: url }),
    }),
  ),
  ...(['web', 'scholar', 'images'] as const).map(
    (kind): Case => ({
      label: `serper ${kind}`,
      service: web.serperService,
      variable: 'SERPER_API_KEY',
      make: (url, options) => serper(kind, { ...options, ...keyed(options), baseUrl: url }),
    }),
  ),
  {
    label: 'brave',
    service: web.braveService,
    variable: 'BRAVE_API_KEY',
    make: (baseUrl, options) => brave({ ...options, ...keyed(options), baseUrl }),
  },
  {
    label: 'tavily',
    service: web.tavilyService,
    variable: 'TAVILY_API_KEY',
    make: (baseUrl, options) => tavily({ ...options, ...keyed(options), baseUrl }),
  },
  {
    label: 'exa',
    service: web.exaService,
    variable: 'EXA_API_KEY',
    make: (baseUrl, options) => exa({ ...options, ...keyed(options), baseUrl }),
  },
  {
    label: 'openalex',
    service: scholar.openAlexService,
    variable: 'OPENALEX_API_KEY',
    keyless: true,
    make: (baseUrl, options) => openAlex({ ...options, ...keyed(options), baseUrl }),
  },
  {
    label: 'semantic-scholar',
    service: scholar.semanticScholarService,
    variable: 'SEMANTIC_SCHOLAR_API_KEY',
    keyless: true,
    make: (baseUrl, options) => semanticScholar({ ...options, ...keyed(options), baseUrl }),
  },
  {
    label: 'crossref',
    service: scholar.crossrefService,
    make: (baseUrl, options) => crossref({ ...options, baseUrl }),
  },
  { label: 'arxiv', service: scholar.arxivService, make: (baseUrl, options) => arxiv({ ...options, baseUrl }) },
  {
    label: 'wikipedia',
    service: web.wikipediaService,
    make: (url, options) => wikipedia({ ...options, baseUrl: `${url}/{language}` }),
  },
  { label: 'commons', service: web.commonsService, make: (baseUrl, options) => commons({ ...options, baseUrl }) },
];

export function caseOf(label: string): Case {
  const found = CASES.find((one) => one.label === label);
  if (!found) throw new Error(`There is no provider ${label} among the cases.`);
  return found;
}
