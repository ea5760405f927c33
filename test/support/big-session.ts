import type { ExportedSession } from '../../client/export/export.ts';
import type { CallRecord, Round, Segment } from '../../protocol/trajectory.ts';

const WORDS =
  'the lamp of the harbour was trimmed twice in a winter night as the log says and the keepers wrote down what they had seen '.repeat(
    40,
  );

const TOOLS = ['search', 'visit', 'bash', 'PythonInterpreter', 'parse_file', 'google_scholar'];

const SOURCE = { url: 'https://harbour.example/log', title: 'Log of the keepers', call: 'r2c1' };

const ANSWER = `The lamp was trimmed **twice** in a winter night [1].

| year | times |
|:-----|------:|
| 1902 | 2 |
| 1903 | 3 |

1. See [the log](https://harbour.example/log).
2. And \`trim()\` in

\`\`\`js
if (a < b && c > d) trim('wick');
\`\`\``;

/** A session of so many rounds, as long sessions are: the prompt grows, and is emptied at the context's end. */
export function bigSession(rounds: number, { resultCharacters = 3_000, segmentRounds = 220 } = {}): ExportedSession {
  const segments: Segment[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    const place = (number - 1) % segmentRounds;
    if (place === 0) {
      segments.push({ index: segments.length, system: 'You are a research agent.', opening: 'How often?', rounds: [] });
    }
    segments.at(-1)?.rounds.push(roundOf(number, place, resultCharacters));
  }
  segments.slice(0, -1).forEach((segment, index) => {
    segment.stopReason = `discard_all_0${index + 1}`;
  });
  const usage = { prompt: rounds * 60_000, cached: rounds * 55_000, completion: rounds * 400 };
  const result = {
    answer: ANSWER,
    stopReason: 'no_tool_calls' as const,
    rounds,
    segments: segments.length,
    usage,
    sources: [SOURCE, { url: 'notes/灯.md' }],
    citations: [
      { source: 'https://harbour.example/log', state: 'opened' as const },
      { source: '[7]', state: 'unseen' as const },
    ],
    quotations: [{ text: 'trimmed twice in a winter night', state: 'found' as const }],
    artifacts: [{ name: 'chart.png', bytes: 1234, type: 'image/png', sha256: 'a'.repeat(64) }],
    elapsedMs: rounds * 9_000,
    model: 'S1-DeepResearch-32B',
  };
  return {
    version: 1,
    id: 'lamps-1a2b3c',
    runId: '0b6a9e5e-0000-4000-8000-000000000000',
    outcome: 'completed',
    input: { question: 'How often were the lamps of the harbour trimmed in a winter night?' },
    status: {
      state: 'done',
      question: 'How often were the lamps of the harbour trimmed in a winter night?',
      round: rounds,
      maxRounds: 1000,
      segment: segments.length,
      usage,
      context: { tokens: 60_000, limit: 128_000 },
      calls: [],
      steering: [],
      tools: TOOLS,
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      result,
    },
    result,
    segments,
  };
}

function roundOf(number: number, place: number, characters: number): Round {
  const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5) + number * 9_000;
  const prompt = 3_000 + place * 450;
  const calls = Array.from({ length: 1 + (number % 3) }, (_, index): CallRecord => {
    const name = TOOLS[(number * 7 + index * 3) % TOOLS.length] ?? 'search';
    return {
      id: `r${number}c${index + 1}`,
      name,
      arguments:
        name === 'bash'
          ? { command: `grep -c trimmed log-${number}.txt\necho done` }
          : { query: [`trimmed ${number}`] },
      state: (number + index) % 17 === 0 ? 'failed' : 'done',
      startedAt: startedAt + 4_000,
      endedAt: startedAt + 5_000 + (number % 5) * 700,
      result: WORDS.slice(number % 50, characters),
    };
  });
  return {
    number,
    startedAt,
    endedAt: startedAt + 8_000,
    reply: {
      text: `<think>I have to look at the log of night ${number}. ${WORDS.slice(0, 400)}</think>\n<tool_call>{}</tool_call>`,
      finishReason: 'stop',
      endpoint: 'gpu-1',
      model: 'S1-DeepResearch-32B',
      usage: { prompt, cached: Math.floor(prompt * 0.93), completion: 120 + ((number * 37) % 600) },
      firstTokenMs: 90,
      elapsedMs: 2_000 + ((number * 631) % 4_000),
    },
    calls,
    notes: number === 3 ? ['Look at winter only.'] : [],
  };
}
