import type { CallRecord, Segment } from '../../../protocol/trajectory.ts';

/** What the plots show of one round. */
export interface RoundFigures {
  number: number;
  /** The first of a segment after a context reset. */
  begins: boolean;
  cached: number;
  /** Tokens of the prompt that the server had to compute. */
  computed: number;
  generated: number;
  modelSeconds: number;
  toolSeconds: number;
  calls: { name: string; failed: boolean }[];
}

export function figuresOf(segments: readonly Segment[]): RoundFigures[] {
  return segments.flatMap(({ index, rounds }) =>
    rounds.flatMap(({ number, reply, calls }, place) => {
      if (!reply) return [];
      const { prompt, cached, completion } = reply.usage;
      return {
        number,
        begins: index > 0 && place === 0,
        cached: Math.min(cached, prompt),
        computed: Math.max(0, prompt - cached),
        generated: completion,
        modelSeconds: reply.elapsedMs / 1000,
        toolSeconds: toolSeconds(calls),
        calls: calls.map(({ name, state }) => ({ name, failed: state !== 'done' })),
      };
    }),
  );
}

/** From the first call's start to the last one's end: calls may run at once. */
function toolSeconds(calls: readonly CallRecord[]): number {
  const starts = calls.flatMap(({ startedAt }) => startedAt ?? []);
  const ends = calls.flatMap(({ endedAt }) => endedAt ?? []);
  return starts.length && ends.length ? Math.max(0, Math.max(...ends) - Math.min(...starts)) / 1000 : 0;
}
