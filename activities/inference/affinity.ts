import { hash } from 'node:crypto';
import type { Endpoint } from './endpoint.ts';

/** Routers before several servers keep a session at one of them by this header (vLLM's production stack). */
const SESSION_HEADER = 'X-Session-ID';

/** Keeps a session's calls at one server behind a router, and at one rank of a server with data parallelism. */
export function affinityHeaders(endpoint: Endpoint, sessionId: string): Record<string, string> {
  if (sessionId === '') return {};
  const { sessionHeader = SESSION_HEADER, dataParallelSize = 1 } = endpoint;
  return {
    [sessionHeader]: encodeURIComponent(sessionId),
    ...(dataParallelSize > 1 ? { 'X-data-parallel-rank': String(rankOf(sessionId, dataParallelSize)) } : {}),
  };
}

/** The same on every worker, for nothing but the session decides. */
const rankOf = (sessionId: string, ranks: number): number =>
  Number.parseInt(hash('sha1', sessionId).slice(0, 8), 16) % ranks;
