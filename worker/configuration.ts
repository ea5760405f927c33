import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ENDPOINT_ROLES, type Endpoint } from '../activities/inference/endpoint.ts';
import { Secret } from '../activities/secret.ts';
import { DEFAULT_TASK_QUEUE } from '../protocol/names.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);

/** Every variable a worker reads. */
const variables = z.object({
  TEMPORAL_TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  /** `workflow`, `inference`, `tools`, `sandbox`; without it the worker serves everything on one queue. */
  WORKER_ROLES: list.optional(),
  /** Base URLs of OpenAI-compatible servers, separated by commas. */
  LLM_SERVER_BASE_ENDPOINT_URL: list.optional(),
  /** Their models, in the same order; one name serves for all. */
  LLM_SERVER_MODEL_NAME: list.optional(),
  LLM_SERVER_API_KEY: z.string().optional(),
  /** Folders of documents for `search` and `visit`, separated by commas. */
  DEEP_RESEARCH_CORPUS_DIR: list.optional(),
  /** Folder below which input files may be named by path. */
  DEEP_RESEARCH_FILES_DIR: z.string().optional(),
  /** Workspaces, call records and indexes. */
  DEEP_RESEARCH_STATE_DIR: z.string().default('.deep-research'),
});

const ROLES = ['workflow', 'inference', 'tools', 'sandbox'] as const;
export type Role = (typeof ROLES)[number];

export interface Configuration {
  taskQueue: string;
  /** Absent: everything on one queue. */
  roles?: Role[];
  endpoints: Endpoint[];
  corpora: string[];
  filesDir?: string;
  stateDir: string;
}

/** Reads and checks the environment. Errors name the variable and what was expected. */
export function readConfiguration(env: NodeJS.ProcessEnv): Configuration {
  const parsed = variables.parse(env);
  const urls = parsed.LLM_SERVER_BASE_ENDPOINT_URL ?? [];
  const models = parsed.LLM_SERVER_MODEL_NAME ?? [];
  if (urls.length === 0)
    throw new Error('LLM_SERVER_BASE_ENDPOINT_URL: expected the URL of a model server, got nothing.');
  if (models.length !== 1 && models.length !== urls.length) {
    throw new Error(
      `LLM_SERVER_MODEL_NAME: expected one name, or one for each of ${urls.length} URLs, got ${models.length}.`,
    );
  }
  for (const url of urls) {
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new Error(`LLM_SERVER_BASE_ENDPOINT_URL: expected an http or https URL, got "${url}".`);
    }
  }
  const unknown = parsed.WORKER_ROLES?.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown) throw new Error(`WORKER_ROLES: expected some of ${ROLES.join(', ')}, got "${unknown}".`);
  return {
    taskQueue: parsed.TEMPORAL_TASK_QUEUE,
    ...(parsed.WORKER_ROLES ? { roles: parsed.WORKER_ROLES as Role[] } : {}),
    endpoints: urls.map((url, index) => ({
      name: urls.length === 1 ? 'default' : `endpoint-${index + 1}`,
      url,
      model: (models[index] ?? models[0]) as string,
      format: 'deep_research',
      weight: 1,
      roles: ENDPOINT_ROLES,
      ...(parsed.LLM_SERVER_API_KEY ? { apiKey: new Secret(parsed.LLM_SERVER_API_KEY) } : {}),
    })),
    corpora: (parsed.DEEP_RESEARCH_CORPUS_DIR ?? []).map(corpusFolder),
    ...(parsed.DEEP_RESEARCH_FILES_DIR ? { filesDir: resolve(parsed.DEEP_RESEARCH_FILES_DIR) } : {}),
    stateDir: resolve(parsed.DEEP_RESEARCH_STATE_DIR),
  };
}

function corpusFolder(path: string): string {
  if (!existsSync(path)) throw new Error(`DEEP_RESEARCH_CORPUS_DIR: there is no folder "${path}".`);
  return realpathSync(path);
}
