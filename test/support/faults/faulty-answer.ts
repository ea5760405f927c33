import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';

/** How a server fails a request: closes it unanswered, never answers, cuts its answer, is slow, lies, is out of order. */
export const ANSWER_FAULTS = ['refuse', 'hang', 'cut', 'slow', 'lie', 'out-of-order'] as const;
export type AnswerFault = (typeof ANSWER_FAULTS)[number];

const SLOW_MS = 2_000;

/** Answers with JSON, or fails as told. Resolves to whether the right answer was given in full. */
export async function answerJson(response: ServerResponse, body: unknown, fault?: AnswerFault): Promise<boolean> {
  const text = JSON.stringify(body);
  const head = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  switch (fault) {
    case 'refuse':
      response.socket?.resetAndDestroy();
      return false;
    case 'hang':
      return false;
    case 'cut':
      response.writeHead(200, head).write(text.slice(0, text.length / 2), () => response.socket?.destroy());
      return false;
    case 'lie':
      response.writeHead(200, { 'content-type': 'application/json' }).end(text.slice(0, -2));
      return false;
    case 'out-of-order':
      response.writeHead(503).end('{"error": "out of order"}');
      return false;
    case 'slow':
      await sleep(SLOW_MS);
  }
  response.writeHead(200, head);
  await new Promise<void>((resolve) => response.once('close', resolve).end(text));
  return response.writableFinished;
}

/**
 * Which fault a request meets, if any: by its text and how often it came before, so that chance is the seed's and not
 * the moment's. After `most` faults a request is answered.
 */
export function answerFaults(dice: Dice, options: { share: number; most: number; kinds?: readonly AnswerFault[] }) {
  const { share, most, kinds = ANSWER_FAULTS } = options;
  const met = new Map<string, number>();
  return (request: string): AnswerFault | undefined => {
    const before = met.get(request) ?? 0;
    if (before >= most || dice.fraction('answer', request, before) >= share) return undefined;
    met.set(request, before + 1);
    return dice.one(kinds as readonly [AnswerFault, ...AnswerFault[]], 'answer fault', request, before);
  };
}
