import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCache } from '../../activities/cache/cache.ts';
import { sqliteStore } from '../../activities/cache/sqlite-store.ts';
import { callRecords } from '../../activities/lookup/recorded.ts';
import { providersFrom } from '../../activities/providers/configured.ts';
import { createStanding } from '../../activities/providers/standing.ts';
import { makeSearchTool } from '../../activities/tools/search.ts';
import { webSearch } from '../../activities/tools/web-search.ts';
import { folderStore } from '../../store/folder-store.ts';
import type { Store } from '../../store/store.ts';
import { quantile } from '../statistics.ts';

const CALLS = 500;

export interface CallFigures {
  name: string;
  medianMs: number;
  p95Ms: number;
  cpuMs: number;
}

/** What a call of `search` costs that a provider on this machine answers at once, and one that the cache answers. */
export async function measureCachedCalls(): Promise<CallFigures[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cache-'));
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(JSON.stringify(ANSWER)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const sqlite = await measureStore('SQLite file', sqliteStore(join(folder, 'lookups.sqlite')), folder, url);
    const shared = await measureStore('shared folder', folderStore(join(folder, 'shared')), folder, url);
    return [...sqlite, ...shared];
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStore(name: string, store: Store, folder: string, url: string): Promise<CallFigures[]> {
  const { web } = providersFrom({ SERPER_API_KEY: 'key' }, { baseUrls: { serper: url } });
  const cache = makeCache(store, { maxAgeMs: 3_600_000 });
  const tool = makeSearchTool({
    corpusStateDir: folder,
    web: webSearch(web.slice(0, 1), cache, createStanding(Date.now)),
  });
  const signal = new AbortController().signal;
  const run = async (round: string) => {
    const times: number[] = [];
    const cpu = process.cpuUsage();
    for (let call = 0; call < CALLS; call++) {
      const callId = `r${call}c1`;
      const context = {
        callId,
        recorded: callRecords(folder, `${name.split(' ')[0]}-${round}`, callId),
        signal,
        workspace: folder,
      };
      const start = performance.now();
      await tool.run({ query: [`question number ${call}`] }, context);
      times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(cpu);
    return { medianMs: quantile(times, 0.5), p95Ms: quantile(times, 0.95), cpuMs: (user + system) / 1000 / CALLS };
  };
  const asked = await run('first');
  const cached = await run('second');
  cache.close();
  return [
    { name: `asked and kept (${name})`, ...asked },
    { name: `from the cache (${name})`, ...cached },
  ];
}

/** Ten hits, as long as a provider's. */
const ANSWER = {
  searchParameters: {},
  organic: Array.from({ length: 10 }, (_, index) => ({
    title: `The title of the page number ${index}`,
    link: `https://example.org/pages/${index}`,
    snippet: 'Some forty words of what stands on the page around the words that were searched for. '.repeat(3),
    date: 'Jun 20, 2023',
  })),
};
