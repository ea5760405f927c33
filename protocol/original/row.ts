import { z } from 'zod';

const seconds = z.number().min(0);

const usage = z.looseObject({
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0),
  total_tokens: z.int().min(0),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().min(0) }).nullish(),
});

const userContent = z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]);

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.literal('system'), content: z.string() }),
  z.looseObject({ role: z.literal('user'), content: userContent }),
  z.looseObject({
    role: z.literal('assistant'),
    content: z.string(),
    elapsed_time: seconds.optional(),
    usage: usage.nullish(),
  }),
  z.looseObject({ role: z.literal('tool'), content: z.string(), elapsed_time: seconds.optional() }),
]);

/** What a segment came to. */
export const originalResult = z.looseObject({
  /** The question's id and the time at which it was begun: `<uuid>-YYYYMMDDhhmmss`. */
  query_id: z.string(),
  /** The schemas of the tools, as JSON. */
  tools: z.string(),
  /** One message a tool's result. */
  messages: z.array(message),
  /** The whole text of the last reply, with its tags. */
  final_answer: z.string(),
  /** The messages as the model saw them. */
  transcript: z.array(message),
  rounds: z.int().min(0),
  stopped_reason: z.string().nullable(),
  error: z.string().optional(),
});

/** A row of the original's output files, one for each segment of a session. */
export const originalRow = z.looseObject({
  time_stamp: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
  query_id: z.uuid(),
  query: z.string(),
  /** Where a session failed before its first reply, only `error`, or nothing. */
  result: z.union([originalResult, z.strictObject({ error: z.string().optional() })]),
  status: z.enum(['success', 'timeout', 'error']),
  /** Segments of the session that ended because the context was full. */
  discard_segments: z.int().min(0),
  elapsed_sec: seconds,
  rollout_idx: z.int().min(1),
  src: z.record(z.string(), z.unknown()),
  /** Counts from 1. */
  segment_idx: z.int().min(1),
  segment_total: z.int().min(0),
});

export type OriginalRow = z.output<typeof originalRow>;
export type OriginalResult = z.output<typeof originalResult>;
export type OriginalMessage = z.output<typeof message>;

/** Whether the original takes a row for finished: then it does not run the question again. */
export const isFinished = (row: { status?: unknown; result?: unknown }): boolean =>
  row.status === 'success' && Boolean((row.result as { final_answer?: unknown } | undefined)?.final_answer);
