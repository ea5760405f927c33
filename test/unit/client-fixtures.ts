import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { CallRecord, Round, Segment } from '../../protocol/trajectory.ts';

export const aStatus = (change: Partial<Status> = {}): Status => ({
  state: 'thinking',
  question: 'How long is the body timeout?',
  round: 1,
  maxRounds: 150,
  segment: 1,
  usage: { prompt: 1000, cached: 900, completion: 50 },
  context: { tokens: 1050, limit: 128_000 },
  calls: [],
  steering: [],
  tools: ['search'],
  startedAt: 1_000,
  ...change,
});

export const aCall = (id: string, change: Partial<CallRecord> = {}): CallRecord => ({
  id,
  name: 'search',
  arguments: { query: `what ${id} asks` },
  state: 'done',
  startedAt: 2_000,
  endedAt: 3_500,
  result: `result of ${id}`,
  ...change,
});

export const aRound = (number: number, calls: CallRecord[] = [], change: Partial<Round> = {}): Round => ({
  number,
  startedAt: 1_000 * number,
  endedAt: 1_000 * number + 900,
  reply: {
    text: `<think>Thought ${number}. And more of it.</think>`,
    finishReason: 'stop',
    endpoint: 'one',
    model: 'tiny',
    usage: { prompt: 12_345, cached: 12_000, completion: 321 },
    firstTokenMs: 20,
    elapsedMs: 4_100,
  },
  calls,
  notes: [],
  ...change,
});

export const aSegment = (rounds: Round[], change: Partial<Segment> = {}): Segment => ({
  index: 0,
  system: 'system',
  opening: 'opening',
  rounds,
  ...change,
});

export const aResult = (change: Partial<ResearchResult> = {}): ResearchResult => ({
  answer: 'It is 300 seconds.',
  stopReason: 'no_tool_calls',
  rounds: 2,
  segments: 1,
  usage: { prompt: 24_690, cached: 24_000, completion: 642 },
  sources: [{ url: 'docs/Client.md', title: 'Class: Client' }],
  artifacts: [],
  elapsedMs: 61_000,
  model: 'tiny',
  ...change,
});
