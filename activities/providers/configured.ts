import { arxiv } from './arxiv.ts';
import { brave } from './brave.ts';
import { commons } from './commons.ts';
import { crossref } from './crossref.ts';
import { exa } from './exa.ts';
import { nearest } from './nearest.ts';
import { openAlex } from './openalex.ts';
import type { Provider, ProviderOptions, SearchKind } from './provider.ts';
import { searxng } from './searxng.ts';
import { semanticScholar } from './semantic-scholar.ts';
import { serper } from './serper.ts';
import { tavily } from './tavily.ts';
import { wikipedia } from './wikipedia.ts';

/** Variables, as in `process.env`. An empty one is as good as none. */
export type Environment = Record<string, string | undefined>;

/** For proxies, mirrors and tests: another address for a provider, and another time limit. */
export interface Overrides {
  /** By the provider's name; as in its own default, `{language}` stands for the query's language. */
  baseUrls?: Record<string, string>;
  timeoutMs?: number;
}

interface Entry {
  name: string;
  kinds: SearchKind[];
  /** Without this variable the provider is not there. */
  needs?: string;
  /** A key that it takes but does not need. */
  takes?: string;
  make(kind: SearchKind, value: string, options: ProviderOptions): Provider;
}

/** In the default order: own instances and keys first, what needs no key as the last resort. */
const REGISTRY: Entry[] = [
  {
    name: 'searxng',
    kinds: ['web', 'images', 'scholar'],
    needs: 'SEARXNG_URL',
    make: (kind, url, options) => searxng(kind, { ...options, baseUrl: options.baseUrl ?? url }),
  },
  {
    name: 'serper',
    kinds: ['web', 'scholar', 'images'],
    needs: 'SERPER_API_KEY',
    make: (kind, apiKey, options) => serper(kind, { ...options, apiKey }),
  },
  {
    name: 'brave',
    kinds: ['web'],
    needs: 'BRAVE_API_KEY',
    make: (_, apiKey, options) => brave({ ...options, apiKey }),
  },
  {
    name: 'tavily',
    kinds: ['web'],
    needs: 'TAVILY_API_KEY',
    make: (_, apiKey, options) => tavily({ ...options, apiKey }),
  },
  { name: 'exa', kinds: ['web'], needs: 'EXA_API_KEY', make: (_, apiKey, options) => exa({ ...options, apiKey }) },
  {
    name: 'openalex',
    kinds: ['scholar'],
    takes: 'OPENALEX_API_KEY',
    make: (_, apiKey, options) => openAlex({ ...options, apiKey: apiKey || undefined }),
  },
  {
    name: 'semantic-scholar',
    kinds: ['scholar'],
    takes: 'SEMANTIC_SCHOLAR_API_KEY',
    make: (_, apiKey, options) => semanticScholar({ ...options, apiKey: apiKey || undefined }),
  },
  { name: 'crossref', kinds: ['scholar'], make: (_kind, _key, options) => crossref(options) },
  { name: 'arxiv', kinds: ['scholar'], make: (_kind, _key, options) => arxiv(options) },
  { name: 'wikipedia', kinds: ['web'], make: (_kind, _key, options) => wikipedia(options) },
  { name: 'commons', kinds: ['images'], make: (_kind, _key, options) => commons(options) },
];

const ORDER_VARIABLE: Record<SearchKind, string> = {
  web: 'DEEP_RESEARCH_SEARCH_PROVIDERS',
  scholar: 'DEEP_RESEARCH_SCHOLAR_PROVIDERS',
  images: 'DEEP_RESEARCH_IMAGE_PROVIDERS',
};

/** In an order variable: no provider at all. */
const NONE = 'none';

/** What a worker searches with. */
export interface Providers extends Record<SearchKind, Provider[]> {
  /** The kinds that somebody has chosen providers for, by an order or a key; the others have those that need none. */
  chosen: SearchKind[];
  /** How many providers' answers to a query are merged. Default: the first that has results. */
  merge?: number;
}

/**
 * The providers of each kind in the order they are to be asked: that of DEEP_RESEARCH_SEARCH_PROVIDERS, DEEP_RESEARCH_SCHOLAR_PROVIDERS and
 * DEEP_RESEARCH_IMAGE_PROVIDERS (comma lists, or `none`), else all that have what they need. Throws an error that names the variable and the
 * value for a name that is unknown, of another kind, or lacks its key, and for a SEARXNG_URL that is no address.
 */
export function providersFrom(env: Environment, overrides: Overrides = {}): Providers {
  const searxngUrl = setting(env, 'SEARXNG_URL');
  if (searxngUrl && !(URL.canParse(searxngUrl) && /^https?:/i.test(searxngUrl))) {
    throw new Error(
      `SEARXNG_URL is ${JSON.stringify(searxngUrl)}, expected an address like https://searx.example.org.`,
    );
  }
  checkNames(overrides.baseUrls ?? {});
  const ofKind = (kind: SearchKind) => chosen(kind, env).map((entry) => make(entry, kind, env, overrides));
  return {
    web: ofKind('web'),
    scholar: ofKind('scholar'),
    images: ofKind('images'),
    chosen: KINDS.filter((kind) => isChosen(kind, env)),
  };
}

const KINDS = Object.keys(ORDER_VARIABLE) as SearchKind[];

function checkNames(baseUrls: Record<string, string>): void {
  const names = REGISTRY.map(({ name }) => name);
  const unknown = Object.keys(baseUrls).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new Error(
    `DEEP_RESEARCH_PROVIDER_URLS names ${JSON.stringify(unknown)}; did you mean ${nearest(unknown, names)}? It takes ${names.join(', ')}.`,
  );
}

function isChosen(kind: SearchKind, env: Environment): boolean {
  if (setting(env, ORDER_VARIABLE[kind])) return true;
  return REGISTRY.some(({ kinds, needs, takes }) => kinds.includes(kind) && setting(env, needs ?? takes ?? ''));
}

function chosen(kind: SearchKind, env: Environment): Entry[] {
  const variable = ORDER_VARIABLE[kind];
  const ofKind = REGISTRY.filter(({ kinds }) => kinds.includes(kind));
  const names = (setting(env, variable) ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []);
  if (names.length === 0) return ofKind.filter(({ needs }) => !needs || setting(env, needs));
  if (names.length === 1 && names[0] === NONE) return [];
  return [...new Set(names)].map((name) => {
    const entry = ofKind.find((known) => known.name === name);
    if (!entry) {
      const known = ofKind.map((other) => other.name);
      throw new Error(
        `${variable} names ${JSON.stringify(name)}; did you mean ${nearest(name, known)}? It takes ${known.join(', ')}, or ${NONE}.`,
      );
    }
    if (entry.needs && !setting(env, entry.needs))
      throw new Error(`${variable} names ${name}, which needs ${entry.needs}; it is not set.`);
    return entry;
  });
}

function make({ name, needs, takes, make }: Entry, kind: SearchKind, env: Environment, overrides: Overrides): Provider {
  const variable = needs ?? takes;
  return make(kind, (variable && setting(env, variable)) ?? '', {
    baseUrl: overrides.baseUrls?.[name],
    contact: setting(env, 'DEEP_RESEARCH_CONTACT_EMAIL'),
    timeoutMs: overrides.timeoutMs,
  });
}

const setting = (env: Environment, name: string) => env[name]?.trim() || undefined;
