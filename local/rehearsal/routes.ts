import { randomUUID } from 'node:crypto';
import { readChatRequest } from './chat.ts';
import { readCompletionRequest } from './completions.ts';
import type { Context } from './context.ts';
import { ApiError } from './errors.ts';
import { type Exchange, readJson, sendJson, sendText } from './exchange.ts';
import { type createFaults, type Fault, faultSchema } from './faults.ts';
import { parseBody } from './generation-request.ts';
import { metricsText } from './metrics.ts';
import { playInstead } from './play-fault.ts';
import type { RequestLog } from './request-log.ts';
import { serveReply } from './serve-reply.ts';
import { detokenize, tokenize } from './tokenize.ts';

export interface Site extends Context {
  faults: ReturnType<typeof createFaults>;
  requests: RequestLog;
  /** Take faults over HTTP. */
  faultsOverHttp: boolean;
  /** Keep bodies in the request log. */
  keepBodies: boolean;
}

type Handler = (site: Site, exchange: Exchange, fault: Fault | undefined) => Promise<void> | void;

const post = (answer: (site: Site, body: unknown) => object): Handler => {
  return async (site, exchange) => sendJson(exchange, 200, answer(site, await loggedBody(site, exchange)));
};

const generate = (read: typeof readChatRequest): Handler => {
  return async (site, exchange, fault) => {
    const body = await loggedBody(site, exchange);
    const requestId = exchange.log.requestId ?? randomUUID().replaceAll('-', '');
    await serveReply(site, exchange, read(site, body, requestId), fault);
  };
};

const ROUTES: Record<string, Handler> = {
  'GET /health': (_, exchange) => sendText(exchange, 200, ''),
  'GET /v1/models': (site, exchange) => sendJson(exchange, 200, models(site)),
  'GET /metrics': (site, exchange) => sendText(exchange, 200, metricsText(site.engine.gauges(), site.model)),
  'POST /tokenize': post(tokenize),
  'POST /detokenize': post(detokenize),
  'POST /v1/chat/completions': generate(readChatRequest),
  'POST /v1/completions': generate(readCompletionRequest),
  'GET /rehearsal/requests': (site, exchange) => sendJson(exchange, 200, { requests: site.requests.list() }),
};

/** Only where the server was started with them: they change its answers for everyone. */
const FAULT_ROUTES: Record<string, Handler> = {
  'GET /rehearsal/faults': (site, exchange) => sendJson(exchange, 200, { faults: site.faults.pending() }),
  'POST /rehearsal/faults': post((site, body) => {
    for (const fault of Array.isArray(body) ? body : [body]) site.faults.add(parseBody(faultSchema, fault));
    return { faults: site.faults.pending() };
  }),
  'DELETE /rehearsal/faults': (site, exchange) => {
    site.faults.clear();
    sendJson(exchange, 200, { faults: [] });
  },
};

/** Answers a request. Throws an ApiError for what becomes an error of vLLM's shape. */
export async function route(site: Site, exchange: Exchange): Promise<void> {
  const { log } = exchange;
  const key = `${log.method} ${log.path}`;
  const routes = site.faultsOverHttp ? { ...ROUTES, ...FAULT_ROUTES } : ROUTES;
  const handler = routes[key];
  if (!handler) {
    const known = Object.keys(routes).some((name) => name.endsWith(` ${log.path}`));
    throw known
      ? new ApiError(405, 'Method Not Allowed', 'Method Not Allowed')
      : new ApiError(404, 'Not Found', 'Not Found');
  }
  const fault = log.path.startsWith('/rehearsal/') ? undefined : site.faults.take(log.path);
  if (fault) {
    log.fault = fault.kind;
    if (fault.kind !== 'refuse' && log.method === 'POST') await loggedBody(site, exchange);
    if (await playInstead(exchange, fault, site.maxModelLen)) return;
  }
  await handler(site, exchange, fault);
}

const bodies = new WeakMap<Exchange, unknown>();

/** The body as JSON, read once, with what the log wants to know of it. */
async function loggedBody(site: Site, exchange: Exchange): Promise<unknown> {
  if (bodies.has(exchange)) return bodies.get(exchange);
  const body = await readJson(exchange);
  bodies.set(exchange, body);
  const messages = (body as { messages?: unknown } | null)?.messages;
  if (Array.isArray(messages)) exchange.log.messages = messages.length;
  if (site.keepBodies) exchange.log.body = body;
  return body;
}

const models = ({ model, maxModelLen, startedAt }: Context) => ({
  object: 'list',
  data: [
    {
      id: model,
      object: 'model',
      created: startedAt,
      owned_by: 'rehearsal',
      root: model,
      parent: null,
      max_model_len: maxModelLen,
    },
  ],
});
