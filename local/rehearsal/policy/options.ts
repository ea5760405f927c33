import { z } from 'zod';

const scriptedCall = z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) });

/**
 * The field `rehearsal` of a request's body: how the rehearsal model is to play. A session sends it as `extraBody`, so
 * it comes with every request of the session.
 */
export const rehearsalOptions = z.strictObject({
  /** Rounds of tool calls before the answer, exactly so many. */
  rounds: z.int().min(0).optional(),
  /** What to call, a reply each: one call, several, or a text that stands after the thought as it is. Then the answer. */
  script: z.array(z.union([scriptedCall, z.array(scriptedCall).min(1), z.string()])).optional(),
  /** Text of the final answer. */
  answer: z.string().optional(),
  /** Length of each reply's thought in characters. */
  thinkChars: z.int().min(0).max(4_000_000).optional(),
  /** Time before the first token, in ms. */
  replyDelayMs: z.number().min(0).optional(),
  /** Time a token, in ms. */
  tokenDelayMs: z.number().min(0).optional(),
});

export type RehearsalOptions = z.output<typeof rehearsalOptions>;
export type ScriptedCall = z.output<typeof scriptedCall>;
