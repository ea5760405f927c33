import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelRequest, RawReply } from '../../activities/inference/adapter.ts';
import { adapterOf } from '../../activities/inference/adapters/index.ts';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import { POLL_MS } from '../../activities/inference/fleet/constants.ts';
import { type Fleet, MoveOn, makeFleet } from '../../activities/inference/fleet/index.ts';
import { REHEARSAL_MODEL, type RehearsalOptions, startRehearsal } from '../../local/rehearsal/server.ts';
import type { Message } from '../../protocol/messages.ts';
import { addUsage, noUsage, type Usage } from '../../protocol/reply.ts';

export interface FleetFigures {
  /** From the first session's start to the last one's end. */
  seconds: number;
  /** Model calls of each endpoint. */
  calls: number[];
  moved: number;
  /** Share of the prompt tokens that were in a prefix cache. */
  cached: number;
}

/** Milliseconds: everything is a fiftieth of a round on a GPU, the pauses between looks as well. */
const PACE = { reply: 300, tool: 100, poll: POLL_MS / 50 };

/** Sessions that start at once, over rehearsal models in this process, without Temporal between them. */
export async function runFleet(
  servers: readonly RehearsalOptions[],
  { sessions, rounds }: { sessions: number; rounds: number },
): Promise<FleetFigures> {
  const models = await Promise.all(servers.map((options) => startRehearsal(options)));
  const fleet = makeFleet(
    models.map(({ url }, index) => endpointAt(url, index)),
    { pollMs: PACE.poll },
  );
  try {
    const startedAt = performance.now();
    const ran = await Promise.all(Array.from({ length: sessions }, (_, index) => session(fleet, `s${index}`, rounds)));
    const seconds = (performance.now() - startedAt) / 1000;
    const homes = ran.flatMap(({ endpoints }) => endpoints);
    const usage = ran.reduce((sum, each) => addUsage(sum, each.usage), noUsage());
    return {
      seconds,
      calls: fleet.endpoints.map(({ name }) => homes.filter((home) => home === name).length),
      moved: ran.filter(({ endpoints }) => new Set(endpoints).size > 1).length,
      cached: usage.cached / usage.prompt,
    };
  } finally {
    await fleet.close();
    await Promise.all(models.map((model) => model.close()));
  }
}

const endpointAt = (url: string, index: number): Endpoint => ({
  name: `model-${index + 1}`,
  url,
  model: REHEARSAL_MODEL,
  format: 'deep_research',
  weight: 1,
  roles: ['research'],
});

/** What the activity `infer` does with a fleet, without Temporal. */
async function ask(
  fleet: Fleet,
  call: Omit<ModelRequest, 'endpoint' | 'generated'>,
  home: string | undefined,
): Promise<{ reply: RawReply; endpoint: string }> {
  let last = home;
  let avoid: string | undefined;
  for (;;) {
    const { sessionId: session, signal } = call;
    const lease = await fleet.acquire({ role: 'research', session, last, avoid, signal });
    const { endpoint } = lease;
    try {
      const generated = { text: '', reasoning: '' };
      const more = { endpoint, generated, signal: lease.signal, onBegin: lease.begun };
      const reply = await adapterOf(endpoint.format)({ ...call, ...more });
      lease.release();
      return { reply, endpoint: endpoint.name };
    } catch (error) {
      lease.release(error);
      if (!(error instanceof MoveOn)) throw error;
      last = avoid = endpoint.name;
    }
  }
}

async function session(fleet: Fleet, id: string, rounds: number): Promise<{ endpoints: string[]; usage: Usage }> {
  const { signal } = new AbortController();
  const endpoints: string[] = [];
  let usage = noUsage();
  const messages: Message[] = [
    { role: 'system', content: `You research. This is session ${id}.` },
    { role: 'user', content: 'How long is a round? '.repeat(40) },
  ];
  const rehearsal = {
    script: Array(rounds).fill({ name: 'search', arguments: { query: 'round' } }),
    replyDelayMs: PACE.reply,
  };
  const call = { sessionId: id, requestId: id, model: { extraBody: { rehearsal } }, tools: [], signal };
  for (let round = 1; round <= rounds; round += 1) {
    const { reply, endpoint } = await ask(fleet, { ...call, messages: [...messages] }, endpoints.at(-1));
    endpoints.push(endpoint);
    usage = addUsage(usage, reply.usage);
    messages.push({ role: 'assistant', content: reply.text });
    messages.push({ role: 'user', content: `<tool_response>\n${'What was found. '.repeat(8)}\n</tool_response>` });
    await sleep(PACE.tool);
  }
  return { endpoints, usage };
}
