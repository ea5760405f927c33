import { request } from 'undici';
import { z } from 'zod';
import { apiUrl, type Endpoint, endpointHeaders } from '../../activities/inference/endpoint.ts';
import { nearest } from '../../activities/providers/nearest.ts';
import { withoutPassword } from '../configuration/describe.ts';
import { ConfigurationError } from '../configuration/error.ts';

/** A server that is well lists its models in milliseconds, even under load; a hosted one may be far away. */
const LIMIT_MS = 5_000;

/** vLLM's list; others leave the length out. */
const modelList = z.object({ data: z.array(z.object({ id: z.string(), max_model_len: z.int().nullish() })) });

/**
 * Asks every endpoint for its models, all at once. Returns the endpoints, with the context's length where the server
 * tells it. Of the faults `warn` gets one sentence each; if no endpoint can be used, they are thrown, unless some are
 * merely away and `needsModel` is false.
 */
export async function checkModelServers(
  endpoints: readonly Endpoint[],
  { warn, needsModel = true }: { warn: (problem: string) => void; needsModel?: boolean },
): Promise<Endpoint[]> {
  const looks = await Promise.all(endpoints.map(look));
  const problems = looks.flatMap(({ problem }) => problem ?? []);
  const none = endpoints.length > 0 && problems.length === endpoints.length;
  if (none && (needsModel || !looks.some(({ away }) => away))) throw new ConfigurationError(problems);
  for (const problem of problems) warn(problem);
  if (none) warn('No model server can be used now. The worker serves, and sessions wait until one answers.');
  return looks.map(({ endpoint }) => endpoint);
}

interface Look {
  endpoint: Endpoint;
  problem?: string;
  /** Nothing answers there: it may be loading a model, or its machine be starting. */
  away?: boolean;
}

async function look(endpoint: Endpoint): Promise<Look> {
  const { url, model, apiKey, format } = endpoint;
  const variables = endpoint.variables ?? { url: 'url', model: 'model', apiKey: 'apiKey' };
  const server = `the model server at ${withoutPassword(url)}`;
  const bad = (problem: string): Look => ({ endpoint, problem });
  let answer: { status: number; text: string };
  try {
    answer = await askForModels(endpoint);
  } catch (error) {
    const problem = `no model server answers at ${withoutPassword(url)} (${reason(error)}); is it running, and are host and port right?`;
    return { ...bad(`${variables.url}: ${problem}`), away: true };
  }
  if (answer.status === 401 || answer.status === 403) {
    return bad(
      apiKey
        ? `${variables.apiKey}: ${server} refused the key (${answer.status}); give it the key that the server expects.`
        : `${variables.apiKey}: ${server} wants a key (${answer.status}), and none is set.`,
    );
  }
  // Some servers have no such list, and one that is still loading says so with a 503: the first call will tell.
  const list = answer.status === 200 ? modelList.safeParse(jsonOf(answer.text)) : undefined;
  if (!list?.success) return { endpoint };
  const served = list.data.data;
  const ours = served.find(({ id }) => id === model);
  // Hosted services list less than they serve.
  if (!ours && format === 'deep_research' && served.length > 0) {
    const names = served.map(({ id }) => id);
    const hint = names.length === 1 ? `it serves ${names[0]}` : `did you mean ${nearest(model, names)}`;
    const others = names.length === 1 ? '.' : `? It serves ${shortList(names)}.`;
    return bad(`${variables.model}: ${server} has no model "${model}"; ${hint}${others}`);
  }
  const contextTokens = endpoint.contextTokens ?? ours?.max_model_len ?? undefined;
  return { endpoint: contextTokens === undefined ? endpoint : { ...endpoint, contextTokens } };
}

async function askForModels(endpoint: Endpoint): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await request(apiUrl(endpoint, 'models'), {
    headers: endpointHeaders(endpoint),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  return { status: statusCode, text: await body.text() };
}

function reason(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'TimeoutError' ? `silent for ${LIMIT_MS / 1000} s` : (code ?? 'no connection');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shortList = (names: string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
