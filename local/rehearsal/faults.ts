import { z } from 'zod';
import { seededFraction } from './seeded.ts';

/** A fault to be played instead of, or in the middle of, an answer. */
export const faultSchema = z.strictObject({
  /**
   * `refuse` closes the connection unanswered; `reset-mid-stream` resets it after `afterTokens`; `hang` never answers;
   * `hang-mid-stream` falls silent after `afterTokens`; `status` answers with `status`, `headers` and `body`;
   * `broken-json` sends unreadable JSON (in a stream: after `afterTokens`); `cut-sse` ends the stream in the middle of
   * an event after `afterTokens`; `overflow` is vLLM's error for a prompt that is too long; `empty` a reply without text.
   */
  kind: z.enum([
    'refuse',
    'reset-mid-stream',
    'hang',
    'hang-mid-stream',
    'status',
    'broken-json',
    'cut-sse',
    'overflow',
    'empty',
  ]),
  /** Which requests it hits: the nth from now (1 is the next), or each with a probability. Default: the next. */
  match: z
    .union([
      z.strictObject({ nth: z.int().min(1) }),
      z.strictObject({ probability: z.number().min(0).max(1), seed: z.int().default(0) }),
    ])
    .default({ nth: 1 }),
  /** How often it is played. Default 1; with a probability, without end. */
  times: z.int().min(1).optional(),
  /** Path of the requests that count. Default: chat completions and completions. */
  path: z.string().optional(),
  /** Default 5. */
  afterTokens: z.int().min(0).default(5),
  /** Default 503. */
  status: z.int().min(400).max(599).default(503),
  headers: z.record(z.string(), z.string()).default({}),
  /** Sent as JSON; a string is sent as it is. */
  body: z.unknown().optional(),
});

export type FaultInput = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;

export interface Faults {
  /** Puts a fault at the end of the queue. Throws a ZodError for a fault it does not know. */
  add(fault: FaultInput): void;
  clear(): void;
  /** What is still to come. */
  pending(): Fault[];
  /** How often each kind was played so far. */
  played(): Partial<Record<Fault['kind'], number>>;
}

const GENERATION_PATHS = new Set(['/v1/chat/completions', '/v1/completions']);

/** `take` is asked once for each request, and gives the first fault in the queue that hits it. */
export function createFaults(): Faults & { take(path: string): Fault | undefined } {
  let queue: { fault: Fault; seen: number; left: number }[] = [];
  const counts: Partial<Record<Fault['kind'], number>> = {};

  const hits = ({ match }: Fault, seen: number) =>
    'nth' in match ? seen >= match.nth : seededFraction('fault', match.seed, seen) < match.probability;

  return {
    add(input) {
      const fault = faultSchema.parse(input);
      const left = fault.times ?? ('nth' in fault.match ? 1 : Number.POSITIVE_INFINITY);
      queue.push({ fault, seen: 0, left });
    },
    clear() {
      queue = [];
    },
    pending: () => queue.map(({ fault }) => fault),
    played: () => ({ ...counts }),
    take(path) {
      let played: Fault | undefined;
      for (const entry of queue) {
        if (entry.fault.path ? entry.fault.path !== path : !GENERATION_PATHS.has(path)) continue;
        entry.seen += 1;
        if (played || !hits(entry.fault, entry.seen)) continue;
        played = entry.fault;
        entry.left -= 1;
      }
      queue = queue.filter(({ left }) => left > 0);
      if (played) counts[played.kind] = (counts[played.kind] ?? 0) + 1;
      return played;
    },
  };
}
