import { createServer, type Server } from 'node:http';
import { listen } from '../listen.ts';
import { type AnswerFault, answerJson } from './faulty-answer.ts';

/** Two search providers, SearXNG and Serper, that have one hit for everything and count what they answered. */
export interface CountingSearch {
  /** Of a worker that asks the two, one after the other where the first has nothing. */
  env: Record<string, string>;
  /** For each query, when it was answered rightly and in full, in epoch ms. */
  answered: Map<string, number[]>;
  /** Faults so far, by kind. */
  failed: Record<string, number>;
  /** Refuses every connection until `back`. */
  leave(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

export async function startCountingSearch(
  faultOf: (request: string) => AnswerFault | undefined,
): Promise<CountingSearch> {
  const answered: CountingSearch['answered'] = new Map();
  const failed: CountingSearch['failed'] = {};

  const server = (): Server =>
    createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const url = new URL(request.url ?? '/', 'http://search');
      const isSerper = request.method === 'POST';
      const query = isSerper ? JSON.parse(Buffer.concat(chunks).toString()).q : (url.searchParams.get('q') ?? '');
      const fault = faultOf(`${isSerper ? 'serper' : 'searxng'} ${query}`);
      // An answer that is no JSON is final for its provider, so one of the two does not lie.
      const played = isSerper && fault === 'lie' ? 'cut' : fault;
      if (played) failed[played] = (failed[played] ?? 0) + 1;
      const page = `https://example.org/${encodeURIComponent(query)}`;
      const [title, text] = [`About ${query}`, `What is known of ${query}.`];
      const body = isSerper
        ? { searchParameters: { q: query }, organic: [{ title, link: page, snippet: text, position: 1 }] }
        : { query, results: [{ url: page, title, content: text }], unresponsive_engines: [] };
      const whole = await answerJson(response, body, played).catch(() => false);
      if (whole) answered.set(query, [...(answered.get(query) ?? []), Date.now()]);
    });

  let running = await listen(server());
  const { url } = running;
  let away = false;
  return {
    env: {
      SEARXNG_URL: url,
      SERPER_API_KEY: 'key-of-the-test',
      DEEP_RESEARCH_PROVIDER_URLS: `serper=${url}`,
      DEEP_RESEARCH_SEARCH_PROVIDERS: 'searxng,serper',
      DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'none',
      DEEP_RESEARCH_IMAGE_PROVIDERS: 'none',
    },
    answered,
    failed,
    async leave() {
      away = true;
      await running.close();
    },
    async back() {
      running = await listen(server(), Number(new URL(url).port));
      away = false;
    },
    async close() {
      if (!away) await running.close();
    },
  };
}
