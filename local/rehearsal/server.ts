import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REHEARSAL_MODEL } from '../../protocol/names.ts';
import { createEngine } from './engine.ts';
import { ApiError } from './errors.ts';
import { openExchange, sendError } from './exchange.ts';
import { createFaults, type Faults } from './faults.ts';
import type { RehearsalOptions as PlayOptions } from './policy/options.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import { route, type Site } from './routes.ts';

export interface RehearsalOptions {
  /** Default 0: one that is free. */
  port?: number;
  /** Default `127.0.0.1`. */
  host?: string;
  /** Context length in tokens. Default 131,072. */
  maxModelLen?: number;
  /** Speed of a reply; by default as fast as it goes. */
  tokensPerSecond?: number;
  /** Requests answered at once; more wait. Default 256, vLLM's. */
  maxRunning?: number;
  /** Size of the prefix cache in blocks of 16 tokens. Default 65,536. */
  cacheBlocks?: number;
  /** Take faults at `POST /rehearsal/faults`. Default false. */
  faultsOverHttp?: boolean;
  /** Keep request bodies in the log. Default false. */
  keepBodies?: boolean;
  /** How to play where a request has no `rehearsal` of its own. Default: by the policy. */
  play?: PlayOptions;
}

export interface Rehearsal {
  /** `http://host:port`, without `/v1`. */
  url: string;
  port: number;
  /** Faults to be played. */
  faults: Faults;
  /** What was asked so far. */
  requests: RequestLog;
  /** Closes all connections and stops listening. */
  close(): Promise<void>;
}

export { REHEARSAL_MODEL };

/** Starts the rehearsal model. Rejects where the address is taken. */
export async function startRehearsal(options: RehearsalOptions = {}): Promise<Rehearsal> {
  const { port = 0, host = '127.0.0.1', tokensPerSecond } = options;
  if (tokensPerSecond !== undefined && !(tokensPerSecond > 0)) {
    throw new RangeError(`tokensPerSecond: expected a number above 0, got ${tokensPerSecond}.`);
  }
  const log = createRequestLog();
  const site: Site = {
    model: REHEARSAL_MODEL,
    maxModelLen: options.maxModelLen ?? 131_072,
    tokenMs: tokensPerSecond ? 1000 / tokensPerSecond : 0,
    startedAt: Math.floor(Date.now() / 1000),
    engine: createEngine({ maxRunning: options.maxRunning ?? 256, cacheBlocks: options.cacheBlocks ?? 65_536 }),
    faults: createFaults(),
    requests: log,
    faultsOverHttp: options.faultsOverHttp ?? false,
    keepBodies: options.keepBodies ?? false,
    play: options.play ?? {},
  };

  const server = createServer(async (req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    const exchange = openExchange(req, res, log.start(req.method ?? 'GET', path));
    const requestId = req.headers['x-request-id'];
    if (typeof requestId === 'string') exchange.log.requestId = requestId;
    try {
      await route(site, exchange);
    } catch (error) {
      if (exchange.gone.aborted) return;
      const known = error instanceof ApiError ? error : new ApiError(500, String(error), 'InternalServerError');
      if (res.headersSent) res.destroy();
      else sendError(exchange, known);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;

  return {
    url: `http://${shownHost}:${actual}`,
    port: actual,
    faults: site.faults,
    requests: log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
