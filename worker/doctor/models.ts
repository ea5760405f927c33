import { request } from 'undici';
import { z } from 'zod';
import { apiUrl, type Endpoint, endpointHeaders } from '../../activities/inference/endpoint.ts';
import { withoutPassword } from '../configuration/describe.ts';
import { checkModelServers } from '../start-checks/model-servers.ts';
import { badOf, type Finding, findingsOf } from './finding.ts';

/** A loaded server may let a call wait in its queue. */
const LIMIT_MS = 60_000;

/** What a session counts on if it is not told otherwise. */
const SESSION_CONTEXT = 128_000;

const { good, warning, bad } = findingsOf('Models');

/** Every model server: whether it answers, takes the key and has the model, its context, and whether it tells of its cache. */
export async function checkModels(endpoints: readonly Endpoint[]): Promise<Finding[]> {
  if (endpoints.length === 0) return [];
  const faults: Finding[] = [];
  let known: Endpoint[];
  try {
    known = await checkModelServers(endpoints, { warn: (problem) => faults.push(...badOf('Models', problem)) });
  } catch (error) {
    return badOf('Models', error);
  }
  // Those with a fault stand there already.
  const sound = known.filter(({ url }) => !faults.some(({ says }) => says.includes(withoutPassword(url))));
  return [...faults, ...(await Promise.all(sound.map(look))).flat()];
}

async function look(endpoint: Endpoint): Promise<Finding[]> {
  const { name, url, model, contextTokens, format } = endpoint;
  const server = `${name} (${model} at ${withoutPassword(url)})`;
  const context =
    contextTokens === undefined
      ? warning(
          `${server} does not tell its context.`,
          `name it: \`contextTokens\` of the endpoint in DEEP_RESEARCH_ENDPOINTS; sessions count on ${SESSION_CONTEXT}`,
        )
      : contextTokens < SESSION_CONTEXT
        ? warning(
            `${server} has a context of ${contextTokens} tokens; sessions count on ${SESSION_CONTEXT} and reset theirs too late.`,
            `serve it with --max-model-len ${SESSION_CONTEXT} or more, or ask with contextTokens ${contextTokens}`,
          )
        : good(`${server} answers; context ${contextTokens} tokens.`);
  return [context, ...(format === 'deep_research' ? await cachedTokens(endpoint, server) : [])];
}

const answer = z.object({
  usage: z.object({ prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish() }),
});

/** The same prompt twice, one token each: the second time a prefix cache has it, and the flag makes the server say so. */
async function cachedTokens(endpoint: Endpoint, server: string): Promise<Finding[]> {
  const content = `This is a look at the prefix cache, nothing has to be said. ${'One two three four five six seven eight. '.repeat(40)}`;
  const body = JSON.stringify({ model: endpoint.model, messages: [{ role: 'user', content }], max_tokens: 1 });
  let cached: number | null | undefined;
  try {
    for (let call = 0; call < 2; call += 1) {
      const { statusCode, body: reply } = await request(apiUrl(endpoint, 'chat/completions'), {
        method: 'POST',
        headers: { ...endpointHeaders(endpoint), 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      const text = await reply.text();
      if (statusCode !== 200) {
        return [
          bad(
            `${server} refused a call of one token (${statusCode}): ${text.slice(0, 300).replace(/\s+/g, ' ')}`,
            "look into the model server's log",
          ),
        ];
      }
      const parsed = answer.safeParse(JSON.parse(text));
      cached = parsed.success ? parsed.data.usage.prompt_tokens_details?.cached_tokens : undefined;
    }
  } catch (error) {
    return [
      bad(
        `${server} did not answer a call of one token: ${(error as Error).message}`,
        "look into the model server's log",
      ),
    ];
  }
  if (cached)
    return [good(`${server} keeps prompts in its cache and tells how much (${cached} tokens of a repeated one).`)];
  return [
    warning(
      `${server} does not tell how much of a prompt it had in its cache.`,
      'start vLLM with --enable-prefix-caching --enable-prompt-tokens-details (docs/vllm.md)',
    ),
  ];
}
