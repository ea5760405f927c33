import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from './context.ts';
import type { Chunk, Turn } from './engine.ts';
import { type Exchange, sendJson, write } from './exchange.ts';
import type { Fault } from './faults.ts';
import type { GenerationRequest } from './generation-request.ts';
import { type PlannedOutput, planOutput } from './output.ts';
import { playMidway } from './play-fault.ts';
import { reply } from './policy/reply.ts';
import type { UsageBody } from './reply-format.ts';
import { readPrompt } from './template.ts';
import { decode, END_OF_TURN } from './tokenizer.ts';

const EMPTY: PlannedOutput = { tokens: [{ id: END_OF_TURN, text: '' }], finish: 'stop', stopReason: null };

/** Generates the reply to a prompt and sends it, streamed or whole, with the fault that is to be played in it. */
export async function serveReply(
  context: Context,
  exchange: Exchange,
  request: GenerationRequest,
  fault: Fault | undefined,
): Promise<void> {
  const { rehearsal } = request;
  exchange.log.promptTokens = request.promptIds.length;
  const turn = await context.engine.admit(request.promptIds, exchange.gone);
  exchange.log.cachedTokens = turn.cachedTokens;
  try {
    if (rehearsal.replyDelayMs) await sleep(rehearsal.replyDelayMs, undefined, { signal: exchange.gone });
    const output = fault?.kind === 'empty' ? EMPTY : plan(request);
    const midway = fault && fault.kind !== 'empty' ? fault : undefined;
    const chunks = turn.tokens(output, {
      tokenMs: rehearsal.tokenDelayMs ?? context.tokenMs,
      ...(midway ? { boundary: midway.afterTokens } : {}),
      signal: exchange.gone,
    });
    if (request.stream) await stream(exchange, request, turn, chunks, midway);
    else await whole(exchange, request, turn, chunks, midway);
  } finally {
    turn.release();
  }
}

/** The policy reads the prompt as a model does, so the same ids give the same reply by every route. */
function plan({ promptIds, rehearsal, seed, maxTokens, stop }: GenerationRequest): PlannedOutput {
  const { messages, partial } = readPrompt(decode(promptIds));
  return planOutput(reply(messages, { ...rehearsal, seed }), partial, { maxTokens, stop });
}

async function stream(
  exchange: Exchange,
  request: GenerationRequest,
  turn: Turn,
  chunks: AsyncGenerator<Chunk>,
  fault: Fault | undefined,
): Promise<void> {
  const { format } = request;
  const event = (body: object, count: number) =>
    `data: ${JSON.stringify(request.continuousUsage ? { ...body, usage: usage(request, count) } : body)}\n\n`;
  exchange.res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  exchange.res.flushHeaders();
  for (const body of format.opening()) await write(exchange, event(body, 0));
  let sent = 0;
  for await (const chunk of chunks) {
    const text = event(format.event(chunk, sent === 0), sent + chunk.ids.length);
    if (fault && sent >= fault.afterTokens) return playMidway(exchange, fault, text);
    sent += chunk.ids.length;
    await write(exchange, text);
    exchange.log.completionTokens = sent;
  }
  // A fault that was to come after more tokens than there are comes at the end.
  if (fault) return playMidway(exchange, fault, event(format.usageEvent(usage(request, sent)), sent));
  if (request.includeUsage) {
    const body = format.usageEvent(usage(request, sent, turn.cachedTokens));
    await write(exchange, `data: ${JSON.stringify(body)}\n\n`);
  }
  exchange.res.end('data: [DONE]\n\n');
}

async function whole(
  exchange: Exchange,
  request: GenerationRequest,
  turn: Turn,
  chunks: AsyncGenerator<Chunk>,
  fault: Fault | undefined,
): Promise<void> {
  const all: Chunk = { ids: [], text: '' };
  for await (const { ids, text, ...end } of chunks) {
    all.ids.push(...ids);
    all.text += text;
    Object.assign(all, end);
    exchange.log.completionTokens = all.ids.length;
    if (fault && all.ids.length >= fault.afterTokens) break;
  }
  const body = request.format.whole(all, usage(request, all.ids.length, turn.cachedTokens));
  if (!fault) return sendJson(exchange, 200, body);
  const text = JSON.stringify(body);
  if (fault.kind === 'broken-json' || fault.kind === 'cut-sse') return sendJsonText(exchange, text.slice(0, -20));
  exchange.res.writeHead(200, { 'content-type': 'application/json', 'content-length': String(text.length * 2) });
  await write(exchange, text.slice(0, 20));
  await playMidway(exchange, fault, text);
}

const sendJsonText = ({ res }: Exchange, text: string): void => {
  res.writeHead(200, { 'content-type': 'application/json' }).end(text);
};

function usage({ promptIds }: GenerationRequest, completion: number, cached?: number): UsageBody {
  return {
    prompt_tokens: promptIds.length,
    total_tokens: promptIds.length + completion,
    completion_tokens: completion,
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
  };
}
