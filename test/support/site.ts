import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { READER_ROLE } from '../../activities/reading/prompts.ts';
import type { LoggedRequest } from '../../local/rehearsal/request-log.ts';
import { listen } from './listen.ts';
import { modelCalls, type Sessions } from './sessions.ts';

/** Pages of a made-up harbour on this machine, and a SearXNG that knows the long one of them. */
export interface Site {
  url: string;
  /** Paths that were asked for, without robots.txt. */
  asked: string[];
  /** Lets requests for the path wait; what it gives lets them go on. */
  hold(path: string): () => void;
  close(): Promise<void>;
}

/** For workers: what they need to open the site's pages. */
export const siteEnv = ({ url }: Site): NodeJS.ProcessEnv => ({
  DEEP_RESEARCH_ALLOW_PRIVATE: '127.0.0.1',
  DEEP_RESEARCH_SEARCH_PROVIDERS: 'searxng',
  SEARXNG_URL: `${url}/searx`,
});

const filler = (topic: string, paragraphs: number) =>
  `<h2>${topic}</h2>${`<p>${`Of the ${topic.toLowerCase()} the log says little that would matter to anybody but the keepers themselves. `.repeat(5)}</p>`.repeat(paragraphs)}`;

export const TONNES = (name: string) => `The ${name} mole took 512 tonnes of cement, and was finished in 1961.`;

/** Three pieces for a reader, with the finding in the last. */
const long = (name: string) =>
  `<title>The ${name} mole</title><h1>The ${name} mole</h1>${filler('Gulls', 60)}${filler('Tides', 60)}<h2>Cement</h2><p>${TONNES(name)}</p>${filler('Ropes', 5)}`;

const PAGES: Record<string, [type: string, body: string | Buffer]> = {
  '/robots.txt': ['text/plain', 'User-agent: *\nDisallow: /private'],
  '/lamps': ['text/html', '<title>Lamps</title><h1>Lamps</h1><p>The lamps of the mole burn oil of the whale.</p>'],
  '/repair.pdf': [
    'application/pdf',
    readFileSync(fileURLToPath(new URL('../fixtures/corpus/mole-repair.pdf', import.meta.url))),
  ],
  '/private/log': ['text/html', '<p>Nobody is to read this.</p>'],
  ...Object.fromEntries(['north', 'east', 'south'].map((name) => [`/${name}`, ['text/html', long(name)]])),
};

export async function startSite(): Promise<Site> {
  const asked: string[] = [];
  const held = new Map<string, ServerResponse[]>();
  const send = (path: string, response: ServerResponse) => {
    const [type, body] = PAGES[path] ?? ['text/plain', ''];
    response.writeHead(PAGES[path] ? 200 : 404, { 'content-type': type }).end(body);
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (pathname === '/searx/search') {
      const results = [{ url: `${site.url}/north`, title: 'The north mole', content: 'Cement of the north mole' }];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results }));
      return;
    }
    if (pathname !== '/robots.txt') asked.push(pathname);
    const waiting = held.get(pathname);
    if (waiting) waiting.push(response);
    else send(pathname, response);
  });
  const { url, close } = await listen(server);
  const site: Site = {
    url,
    asked,
    hold(path) {
      held.set(path, []);
      return () => {
        const waiting = held.get(path) ?? [];
        held.delete(path);
        for (const response of waiting) send(path, response);
      };
    },
    close,
  };
  return site;
}

/** The model calls that read pages, with the prompt's text. */
export const readings = (sessions: Pick<Sessions, 'model'>): (LoggedRequest & { prompt: string })[] =>
  modelCalls(sessions).flatMap((entry) => {
    const { messages = [] } = (entry.body ?? {}) as { messages?: { content: unknown }[] };
    const isReading = JSON.stringify(messages[0] ?? '').includes(READER_ROLE);
    return isReading ? { ...entry, prompt: JSON.stringify(messages.at(-1)?.content) } : [];
  });
