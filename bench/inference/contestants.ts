import { randomUUID } from 'node:crypto';
import { createParser } from 'eventsource-parser';
import { request } from 'undici';
import type { InferInput } from '../../protocol/activities.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { WorkerStand } from '../worker-stand.ts';
import type { StreamOrder } from './order.ts';

/** One way to make a model call. Resolves to its time from the call to the reply's end, in ms. */
export type Contestant = (order: StreamOrder) => Promise<number>;

/** The least a streamed call costs: undici reads the bytes, and nobody looks at them. */
export function bare({ modelUrl }: WorkerStand): Contestant {
  return timed(async (order) => {
    for await (const _ of await post(modelUrl, order));
  });
}

/** The same with what any client must do: events are told apart and read as JSON, and their texts joined. */
export function parsed({ modelUrl }: WorkerStand): Contestant {
  return timed(async (order) => {
    let text = '';
    const parser = createParser({
      onEvent({ data }) {
        if (data === '[DONE]') return;
        const { choices } = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
        text += choices[0]?.delta.content ?? '';
      },
    });
    const decoder = new TextDecoder();
    for await (const bytes of await post(modelUrl, order)) parser.feed(decoder.decode(bytes, { stream: true }));
    if (text === '') throw new Error('The stream held no text.');
  });
}

/** The activity `infer` on a real worker, heartbeats included; its time is taken inside the worker. */
export function inferOn(stand: WorkerStand, times: InferTimes): Contestant {
  return async (order) => {
    const workflowId = `infer-${randomUUID()}`;
    const { taskQueue } = stand;
    await stand.client.workflow.execute('benchInfer', { taskQueue, workflowId, args: [order] });
    return times.take();
  };
}

/** Times of the activity's runs, first in first out. */
export class InferTimes {
  readonly #times: number[] = [];

  measure(infer: (input: InferInput) => Promise<Reply>): (input: InferInput) => Promise<Reply> {
    return async (input) => {
      const startedAt = performance.now();
      const reply = await infer(input);
      this.#times.push(performance.now() - startedAt);
      return reply;
    };
  }

  take(): number {
    return this.#times.shift() ?? Number.NaN;
  }
}

const timed =
  (call: (order: StreamOrder) => Promise<void>): Contestant =>
  async (order) => {
    const startedAt = performance.now();
    await call(order);
    return performance.now() - startedAt;
  };

async function post(url: string, bench: StreamOrder): Promise<AsyncIterable<Buffer>> {
  const { body } = await request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench', stream: true, bench }),
  });
  return body;
}
