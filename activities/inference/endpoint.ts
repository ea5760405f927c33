import type { ToolProtocol } from '../../protocol/messages.ts';

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

/** One model server with its model. */
export interface Endpoint {
  /** Unique in a worker; stands in every reply. */
  name: string;
  /** Base URL with or without `/v1`. */
  url: string;
  model: string;
  format: SystemFormat;
  apiKey?: string;
  /** Share of new sessions beside the other endpoints. */
  weight: number;
  /** Most tokens of prompt and reply together, where known. */
  contextTokens?: number;
  roles: readonly EndpointRole[];
  /** Further request headers; values may be secret. */
  headers?: Record<string, string>;
}

/** How calls and results travel with an API format. */
export const protocolOf = (format: SystemFormat): ToolProtocol => (format === 'deep_research' ? 'text' : 'native');

/** The URL of an API's path, whether the base was given with `/v1`, with the whole path, or with neither. */
export function apiUrl({ url }: Pick<Endpoint, 'url'>, path: string): string {
  const base = url.replace(/\/+$/, '').replace(/\/(chat\/completions|responses|messages)$/, '');
  return /\/v\d+$/.test(base) ? `${base}/${path}` : `${base}/v1/${path}`;
}
