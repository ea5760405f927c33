import type { ToolProtocol } from '../../protocol/messages.ts';
import type { Secret } from '../secret.ts';

/** The original's seven API formats: how requests look, and where reasoning and calls come from. */
export const SYSTEM_FORMATS = [
  'deep_research',
  'azure',
  'aihubmix',
  'aihubmix_claude',
  'aihubmix_glm',
  'volcano',
  'aliyun',
] as const;

export type SystemFormat = (typeof SYSTEM_FORMATS)[number];

/** What an endpoint is used for: the research itself, reading long pages, questions on images and video. */
export const ENDPOINT_ROLES = ['research', 'pages', 'vision'] as const;

export type EndpointRole = (typeof ENDPOINT_ROLES)[number];

/** Of an endpoint that names none: most models for research see no images, and a tool that fails is worse than none. */
export const DEFAULT_ROLES: readonly EndpointRole[] = ['research', 'pages'];

/** One model server with its model. */
export interface Endpoint {
  /** Unique in a worker; stands in every reply. */
  name: string;
  /** Base URL with or without `/v1`. */
  url: string;
  model: string;
  format: SystemFormat;
  apiKey?: Secret;
  /** Share of new sessions beside the other endpoints. */
  weight: number;
  /** Most tokens of prompt and reply together, where known. */
  contextTokens?: number;
  roles: readonly EndpointRole[];
  /** Further request headers. */
  headers?: Secret<Record<string, string>>;
  /** Most calls at once from this worker; more wait for a place. Default: no limit. */
  maxConcurrent?: number;
  /** Header that keeps a session at one server behind a router. Default `X-Session-ID`. */
  sessionHeader?: string;
  /** Ranks of a server with vLLM's `--data-parallel-size`: a session's calls are pinned to one. */
  dataParallelSize?: number;
  /** How long a server may be silent before its first byte, and within a stream, in ms. Default `SILENCE_MS`. */
  silence?: { first?: number; next?: number };
  /** The variables it was configured with, so that a refusal can name the one to mend. */
  variables?: { url: string; model: string; apiKey: string };
}

/** A queue before a loaded server may take minutes; a stream that has begun is never silent for so long. */
export const SILENCE_MS = { first: 15 * 60_000, next: 3 * 60_000 };

/** How calls and results travel with an API format. */
export const protocolOf = (format: SystemFormat): ToolProtocol => (format === 'deep_research' ? 'text' : 'native');

/** The headers of every request to an endpoint: its key in the way its API takes it, then its further headers. */
export function endpointHeaders({ format, apiKey, headers }: Endpoint): Record<string, string> {
  const key = apiKey?.reveal();
  return { ...(key === undefined ? {} : keyHeader(format, key)), ...headers?.reveal() };
}

function keyHeader(format: SystemFormat, key: string): Record<string, string> {
  if (format === 'azure') return { 'api-key': key };
  if (format === 'aihubmix_claude') return { 'x-api-key': key };
  return { authorization: `Bearer ${key}` };
}

/** The URL of an API's path, whether the base was given with `/v1`, with the whole path, or with neither. */
export function apiUrl({ url }: Pick<Endpoint, 'url'>, path: string): string {
  const [given = '', ...query] = url.split('?');
  const whole = given.replace(/\/+$/, '');
  const named = /\/(chat\/completions|responses|messages)$/.exec(whole);
  const base = whole.slice(0, named?.index);
  // A whole path stands as it is, for not every server has a version in it.
  const asGiven = named?.[1] === path;
  const full = asGiven ? whole : /\/v\d+$/.test(base) ? `${base}/${path}` : `${base}/v1/${path}`;
  return [full, ...query].join('?');
}
