import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { convert } from '../../client/export/convert.ts';
import type { ExportedSession } from '../../client/export/export.ts';
import { fromOriginalRows } from '../../client/export/from-rows.ts';
import { exportedToRows } from '../../client/export/to-rows.ts';
import { readInputLine } from '../../protocol/original/input-row.ts';
import { queryIdOf, runIdOf, timeStamp } from '../../protocol/original/query-id.ts';
import { isFinished, originalRow } from '../../protocol/original/row.ts';
import { type RowSource, toOriginalRows } from '../../protocol/original/to-rows.ts';
import type { Round, Segment } from '../../protocol/trajectory.ts';

const STARTED = Date.UTC(2026, 10, 25, 22, 14, 9);

const reply = (text: string, more: object = {}) => ({
  text,
  finishReason: 'stop',
  endpoint: 'gpu',
  model: 's1',
  usage: { prompt: 900, cached: 800, completion: 50 },
  firstTokenMs: 100,
  elapsedMs: 2941,
  ...more,
});

const call = (text: string) => `<think>\nLook.\n</think>\n\n<tool_call>\n${text}\n</tool_call>`;

const round = (number: number, text: string, results: string[] = [], more: Partial<Round> = {}): Round => ({
  number,
  startedAt: STARTED,
  reply: reply(text),
  calls: results.map((result, index) => ({
    id: `r${number}c${index + 1}`,
    name: 'bash',
    arguments: { command: 'date' },
    state: 'done',
    startedAt: STARTED,
    endedAt: STARTED + 1500,
    result,
  })),
  notes: [],
  ...more,
});

const BASH = call('{"name": "bash", "arguments": {}}\n<bash>\ndate\n</bash>');

const SYSTEM =
  'You research.\n\n<tools>\n{"type":"function","function":{"name":"bash"}}\n</tools>\n\nCurrent date: 2026-11-25';

const segment = (index: number, rounds: Round[], more: Partial<Segment> = {}): Segment => ({
  index,
  system: SYSTEM,
  opening: index === 0 ? 'Why?' : 'Go on.',
  rounds,
  ...more,
});

const source = (segments: Segment[], more: Partial<RowSource> = {}): RowSource => ({
  question: 'Why?',
  queryId: 'a845a476-ad58-52b7-8c8f-d5146ad1213a',
  rollout: 2,
  src: { id: 7, question: 'Why?', answer: 'So.' },
  startedAt: STARTED,
  endedAt: STARTED + 12_345,
  status: 'success',
  segments,
  tools: '[{"type":"function","function":{"name":"bash"}}]',
  stopReason: 'no_tool_calls',
  ...more,
});

/** Computed with Python's `uuid.uuid5(uuid.NAMESPACE_URL, sha256(question).hexdigest())`. */
test.each([
  ['Why?', 'a845a476-ad58-52b7-8c8f-d5146ad1213a'],
  ['这是问题', '49005748-4d83-5551-8c75-e5a6b40ae3f9'],
])("the id of %s is the original's", async (question, id) => {
  expect(await queryIdOf(question)).toBe(id);
});

test("times are the original's", () => {
  expect(timeStamp(STARTED)).toBe('2026-11-25 22:14:09');
  expect(runIdOf('q', STARTED)).toBe('q-20261125221409');
});

test('a session of one segment is one row, field by field', () => {
  const rows = toOriginalRows(
    source([
      segment(
        0,
        [
          round(1, BASH, ['Monday', 'Tuesday'], { notes: ['Hurry.'] }),
          round(2, '<think>\nSo.\n</think>\n\n<answer>Because.</answer>'),
        ],
        { stopReason: 'no_tool_calls' },
      ),
    ]),
  );
  expect(rows.map((row) => originalRow.parse(row))).toEqual(rows);
  const usage = {
    prompt_tokens: 900,
    total_tokens: 950,
    completion_tokens: 50,
    prompt_tokens_details: { cached_tokens: 800 },
  };
  const said = { elapsed_time: 2.941, usage };
  const user = (text: string) => ({ role: 'user', content: [{ type: 'text', text }] });
  const system = { role: 'system', content: SYSTEM };
  const last = '<think>\nSo.\n</think>\n\n<answer>Because.</answer>';
  expect(rows).toEqual([
    {
      time_stamp: '2026-11-25 22:14:21',
      query_id: 'a845a476-ad58-52b7-8c8f-d5146ad1213a',
      query: 'Why?',
      result: {
        query_id: 'a845a476-ad58-52b7-8c8f-d5146ad1213a-20261125221409',
        tools: '[{"type":"function","function":{"name":"bash"}}]',
        messages: [
          system,
          user('Why?'),
          { role: 'assistant', content: BASH, ...said },
          { role: 'tool', content: 'Monday', elapsed_time: 1.5 },
          { role: 'tool', content: 'Tuesday', elapsed_time: 1.5 },
          user('Hurry.'),
          { role: 'assistant', content: last, ...said },
        ],
        final_answer: last,
        transcript: [
          system,
          user('Why?'),
          { role: 'assistant', content: BASH, ...said },
          user(
            '<tool_response>\nMonday\n</tool_response>\n<tool_response>\nTuesday\n</tool_response>\n<tool_response>\nHurry.\n</tool_response>',
          ),
          { role: 'assistant', content: last, ...said },
        ],
        rounds: 2,
        stopped_reason: 'no_tool_calls',
      },
      status: 'success',
      discard_segments: 0,
      elapsed_sec: 12.345,
      rollout_idx: 2,
      src: { id: 7, question: 'Why?', answer: 'So.' },
      segment_idx: 1,
      segment_total: 1,
    },
  ]);
  expect(Object.keys(rows[0] ?? {})).toEqual([
    'time_stamp',
    'query_id',
    'query',
    'result',
    'status',
    'discard_segments',
    'elapsed_sec',
    'rollout_idx',
    'src',
    'segment_idx',
    'segment_total',
  ]);
});

test("a context reset makes two rows, with the original's reasons", () => {
  const summary = { request: 'Sum up.', reply: reply('<summary>All.</summary>') };
  const rows = toOriginalRows(
    source([
      segment(0, [round(1, BASH, ['Monday'])], { summary, stopReason: 'discard_all_01' }),
      segment(1, [round(2, '<answer>Because.</answer>')], { stopReason: 'no_tool_calls' }),
    ]),
  );
  expect(rows.map((row) => originalRow.parse(row))).toEqual(rows);
  expect(rows).toMatchObject([
    { segment_idx: 1, segment_total: 2, discard_segments: 1, result: { rounds: 1, stopped_reason: 'discard_all_01' } },
    {
      segment_idx: 2,
      segment_total: 2,
      discard_segments: 1,
      result: { rounds: 1, stopped_reason: 'discard_all_final' },
    },
  ]);
  const [first] = rows;
  expect(JSON.stringify(first?.result)).toContain('new_context_tool');
  expect(rows.every(isFinished)).toBe(true);
});

describe('a failure is never a success', () => {
  test('before the first reply there is but the error', () => {
    const rows = toOriginalRows(source([segment(0, [])], { status: 'error', error: 'no model' }));
    expect(rows).toMatchObject([{ status: 'error', result: { error: 'no model' }, segment_idx: 1, segment_total: 1 }]);
    expect(rows.map((row) => originalRow.parse(row))).toEqual(rows);
    expect(rows.some(isFinished)).toBe(false);
  });

  test('after some rounds they are there, and the error in the last row', () => {
    const rows = toOriginalRows(
      source([segment(0, [round(1, BASH, ['Monday'])])], { status: 'error', error: 'no model' }),
    );
    expect(rows).toMatchObject([
      { status: 'error', result: { rounds: 1, error: 'no model', stopped_reason: 'no_tool_calls' } },
    ]);
    expect(rows.some(isFinished)).toBe(false);
  });
});

test('a thought whose opening tag the server stripped has it again in the transcript', () => {
  const [row] = toOriginalRows(source([segment(0, [round(1, 'Hm.\n</think>\n\n<answer>So.</answer>')])]));
  const { messages, transcript } = row?.result as {
    messages: { content: string }[];
    transcript: { content: string }[];
  };
  expect(messages.at(-1)?.content).toBe('Hm.\n</think>\n\n<answer>So.</answer>');
  expect(transcript.at(-1)?.content).toBe('<think>\nHm.\n</think>\n\n<answer>So.</answer>');
});

test('thoughts and calls that came in fields of their own are written into the text', () => {
  const native = round(1, 'I look.', ['Monday'], { reply: reply('I look.', { reasoning: 'Hm.' }) });
  const [row] = toOriginalRows(source([segment(0, [native])]));
  expect(JSON.stringify(row)).toContain(
    JSON.stringify(
      '<think>\nHm.\n</think>\n\nI look.\n<tool_call>\n{"name":"bash","arguments":{"command":"date"}}\n</tool_call>',
    ).slice(1, -1),
  );
});

test.each([
  ['', undefined],
  ['{"id": 1, "question": "Why?"}\r', { question: 'Why?', files: [], skills: [] }],
  ['\ufeff{"question": "为什么？", "file_path": "a.pdf"}', { question: '为什么？', files: ['a.pdf'] }],
  [
    '{"question": "Why?", "file_path": ["a.pdf", ""], "skills": [{"name": "plot", "skill_path": "/data/set/plot/"}, {"name": "map", "skill_path": null}, "csv"]}',
    { files: ['a.pdf'], skills: ['data/set/plot/', 'map', 'csv'] },
  ],
  ['{"question": "Why?", "file_path": null, "skills": null}', { files: [], skills: [] }],
  ['{"question": ""}', { error: expect.stringMatching(/^question/) }],
  ['{"question": "Why?", "file_path": 5}', { error: expect.stringMatching(/^file_path/) }],
  ['{"question": "Why?', { error: expect.stringMatching(/^no JSON/) }],
])('the input line %j is read', (line, expected) => {
  const read = readInputLine(line);
  if (expected === undefined) expect(read).toBeUndefined();
  else expect(read).toMatchObject(expected);
});

describe('conversion', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deep-research-convert-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const rows = () => {
    const summary = { request: 'Sum up.', reply: reply('<summary>All.</summary>') };
    return toOriginalRows(
      source(
        [
          segment(0, [round(1, BASH, ['Monday'], { notes: ['Hurry.'] })], { summary, stopReason: 'discard_all_01' }),
          segment(
            1,
            [
              round(2, BASH, ['Tuesday']),
              round(3, '<answer>Because.</answer>', [], { followUp: 'Really?' }),
              round(4, '<answer>Yes.</answer>'),
            ],
            { stopReason: 'discard_all_final' },
          ),
        ],
        { rollout: 1, src: { question: 'Why?' } },
      ),
    );
  };

  test('of rows to an export and back gives the same rows', async () => {
    const exported = await fromOriginalRows(rows());
    expect(exported).toMatchObject({
      outcome: 'completed',
      result: { answer: 'Yes.', rounds: 4, segments: 2, usage: { prompt: 3600, cached: 3200, completion: 200 } },
      segments: [
        {
          rounds: [{ calls: [{ name: 'bash', arguments: { command: 'date' }, result: 'Monday' }], notes: ['Hurry.'] }],
        },
        { rounds: [{}, { followUp: 'Really?' }, {}] },
      ],
    });
    const again = await exportedToRows(exported);
    expect(again).toEqual(rows());
  });

  test('of a failed row keeps the failure', async () => {
    const failed = toOriginalRows(
      source([segment(0, [])], { status: 'error', error: 'no model', rollout: 1, src: { question: 'Why?' } }),
    );
    const exported = await fromOriginalRows(failed);
    expect(exported).toMatchObject({ outcome: 'failed', failure: { message: 'no model' } });
    expect(await exportedToRows(exported)).toMatchObject([{ status: 'error', result: { error: 'no model' } }]);
  });

  test('of files goes both ways', async () => {
    const all = async (path: string) => {
      const given: object[] = [];
      for await (const each of convert(path)) given.push(each);
      return given;
    };
    const output = join(folder, 'rollout_01.jsonl');
    writeFileSync(
      output,
      rows()
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
    const exports = await all(output);
    expect(exports).toHaveLength(1);
    const one = join(folder, 'session.json');
    writeFileSync(one, JSON.stringify(exports[0] as ExportedSession, null, 2));
    expect(await all(one)).toEqual(rows());
    const many = join(folder, 'exports.jsonl');
    writeFileSync(many, `${JSON.stringify(exports[0])}\n${JSON.stringify(exports[0])}\n`);
    expect(await all(many)).toEqual([...rows(), ...rows()]);
  });
});
