import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { builtIn } from '../../activities/tools/served-tool.ts';
import { toolActivity } from '../../activities/tools/tool-activity.ts';
import type { Laps } from './laps.ts';
import { prose } from './prose.ts';

export interface PlainMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface BenchActivities {
  benchNothing(): Promise<void>;
  benchRoundEnd(round: number): Promise<void>;
  benchReply(messages: PlainMessage[], characters: number): Promise<string>;
  benchResult(round: number, characters: number): Promise<string>;
}

/** The activities of the designs beside ours. Models and tools answer at once. */
export function makeBenchActivities(laps: Laps): BenchActivities {
  const roundEnds = (round: number) =>
    laps.roundEnds(Context.current().info.workflowExecution?.workflowId ?? '', round);
  return {
    benchNothing: async () => {},
    benchRoundEnd: roundEnds,
    benchReply: async (messages, characters) => prose(messages.length, characters),
    async benchResult(round, characters) {
      await roundEnds(round);
      return prose(-round, characters);
    },
  };
}

/** A `search` that is a tool in everything but the searching: its results are there before it is asked. */
export function makeInstantSearch(laps: Laps, { rounds, characters }: InstantResults, stateDir: string) {
  const results = Array.from({ length: rounds + 1 }, (_, round) => prose(-round, characters));
  return toolActivity(
    builtIn({
      name: 'search',
      arguments: z.object({ query: z.array(z.string()) }),
      async run(_, { callId }) {
        const round = Number(/^r(\d+)c/.exec(callId)?.[1]);
        await laps.roundEnds(Context.current().info.workflowExecution?.workflowId ?? '', round);
        return { text: results[round] ?? '' };
      },
    }),
    { stateDir },
  );
}

interface InstantResults {
  rounds: number;
  /** Of one result. */
  characters: number;
}
