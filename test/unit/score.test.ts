import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utils, write } from '@e965/xlsx';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scoreLines } from '../../client/cli/commands/score.ts';
import { readBenchmark } from '../../client/score/benchmarks.ts';
import { casesOf, readVerdict, readVerdicts } from '../../client/score/judge.ts';
import { matches, matchesExactly } from '../../client/score/match.ts';
import { normalAnswer, numberOf } from '../../client/score/normal-answer.ts';
import { readAnswers } from '../../client/score/read-answers.ts';
import { type Answer, majority, type ScoredQuestion, scoresOf } from '../../client/score/score.ts';
import { estimate, passAtK } from '../../client/score/statistics.ts';

/** Answer, reference, whether they are the same to the letter, whether they say the same. Decided by hand. */
const CASES: [string, string, boolean, boolean][] = [
  ['Paris', 'Paris', true, true],
  [' Paris\n', 'Paris', true, true],
  ['paris.', 'Paris', false, true],
  ['The Eiffel Tower', 'Eiffel tower', false, true],
  ['Eiffel Towers', 'Eiffel Tower', false, false],
  ['A', 'A', true, true],
  ['a', 'A', false, true],
  ['B', 'A', false, false],
  ['Vitamin A', 'vitamin a', false, true],
  ['Saint-Denis', 'Saint Denis', false, true],
  ['“Moby-Dick”', 'Moby-Dick', false, true],
  ['Moby Dick; or, the whale', 'Moby-Dick; or, The Whale', false, true],
  ['1,234', '1234', false, true],
  ['$1,234.50', '1234.5', false, true],
  ['17%', '17', false, true],
  ['17.1', '17', false, false],
  ['-5', '−5', false, true],
  ['5', '-5', false, false],
  ['3.0', '3', false, true],
  ['1891-07-05', '1891-07-05', true, true],
  ['red, green, blue', 'Red; Green; Blue', false, true],
  ['red, blue, green', 'red, green, blue', false, false],
  ['red, green', 'red, green, blue', false, false],
  ['12, 13', '12,13', false, true],
  ['Paris France', 'Paris, France', false, true],
  ['北京', '北京', true, true],
  ['北京。', '北京', false, true],
  ['《红楼梦》', '红楼梦', false, true],
  ['红楼梦 第三回', '红楼梦第三回', false, true],
  ['上海', '北京', false, false],
  ['１２３', '123', false, true],
  ['一百二十三', '123', false, true],
  ['三百零五', '305', false, true],
  ['两千零八', '2008', false, true],
  ['二〇〇八', '2008', false, true],
  ['十五', '15', false, true],
  ['一亿二千万', '120000000', false, true],
  ['５０％', '50%', false, true],
  ['张三、李四', '张三，李四', false, true],
  ['李四、张三', '张三、李四', false, false],
  ['ＡＢＣ公司', 'abc 公司', false, true],
  ['', 'Paris', false, false],
  ['???', '!!!', false, false],
];

test.each(CASES)('%j beside %j: exact %s, normalised %s', (answer, reference, exact, same) => {
  expect(matchesExactly(answer, reference)).toBe(exact);
  expect(matches(answer, reference)).toBe(same);
});

test('an answer keeps what tells it apart', () => {
  expect(normalAnswer('The  U.S. – 3.5 (approx.)')).toBe('u s 3.5 approx');
  expect(normalAnswer('  青岛  灯塔 ')).toBe('青岛灯塔');
  expect(numberOf('12 apples')).toBeUndefined();
  expect(numberOf('1,23')).toBeUndefined();
});

describe('statistics, computed by hand', () => {
  test.each([
    // 1 - C(1,1)/C(4,1); 1 - C(2,2)/C(4,2) = 1 - 1/6; none right; all right.
    [4, 3, 1, 0.75],
    [4, 2, 2, 1 - 1 / 6],
    [3, 1, 2, 2 / 3],
    [3, 1, 3, 1],
    [5, 0, 3, 0],
    [5, 5, 1, 1],
    [10, 1, 5, 0.5],
  ])('of %i answers %i right: pass@%i is %d', (n, c, k, expected) => {
    expect(passAtK(n, c, k)).toBeCloseTo(expected, 10);
  });

  test('more draws than answers are refused', () => {
    expect(() => passAtK(2, 1, 3)).toThrow(RangeError);
  });

  test('intervals: Wilson for rights and wrongs, normal for shares', () => {
    const seven = estimate([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    expect(seven.value).toBe(0.7);
    expect(seven.low).toBeCloseTo(0.3968, 4);
    expect(seven.high).toBeCloseTo(0.8922, 4);
    expect(estimate([1, 1, 1, 1, 1])).toMatchObject({ value: 1, low: expect.closeTo(0.5655, 4), high: 1 });
    // Mean 0.5, sample variance (0.0625 + 0 + 0.0625) / 2 = 0.0625, half width 1.96 * sqrt(0.0625 / 3) = 0.2829.
    const shares = estimate([0.25, 0.5, 0.75]);
    expect(shares.low).toBeCloseTo(0.2171, 4);
    expect(shares.high).toBeCloseTo(0.7829, 4);
    expect(estimate([])).toEqual({ value: 0, low: 0, high: 1 });
  });
});

const answers = (...texts: string[]): Answer[] => texts.map((text, index) => ({ rollout: index + 1, text }));

test('the majority is the first that most say, whatever its form', () => {
  expect(majority(answers('Rome', 'paris', 'The Paris'))).toBe(1);
  expect(majority(answers('Rome', 'Paris'))).toBe(0);
  expect(majority(answers('', 'Paris', ''))).toBe(1);
  expect(majority(answers('', ''))).toBe(0);
});

test('scores of three questions and three rollouts, by hand', () => {
  const questions: ScoredQuestion[] = [
    { id: '1', question: 'a', reference: 'Paris', answers: answers('paris', 'Paris', 'Rome') },
    { id: '2', question: 'b', reference: '北京', answers: answers('上海', '北京。', '上海') },
    { id: '3', question: 'c', reference: '7', answers: answers('', '', '') },
  ];
  const normalised = scoresOf('normalised', questions);
  // Right: 2, 1 and 0 of 3.
  expect(normalised.mean.value).toBeCloseTo((2 / 3 + 1 / 3 + 0) / 3, 10);
  expect(normalised.passAt[1]?.value).toBeCloseTo(1 / 3, 10);
  // 1 - C(1,2)/C(3,2) = 1; 1 - C(2,2)/C(3,2) = 2/3; 0.
  expect(normalised.passAt[2]?.value).toBeCloseTo((1 + 2 / 3) / 3, 10);
  expect(normalised.passAt[3]?.value).toBeCloseTo(2 / 3, 10);
  expect(normalised.meanAt[1]?.value).toBeCloseTo(1 / 3, 10);
  expect(normalised.meanAt[2]?.value).toBeCloseTo((1 + 1 / 2) / 3, 10);
  expect(normalised.majority.value).toBeCloseTo(1 / 3, 10);
  const exact = scoresOf('exact', questions);
  expect(exact.mean.value).toBeCloseTo((1 / 3 + 0 + 0) / 3, 10);
  const lines = scoreLines(questions, [exact, normalised]);
  expect(lines[0]).toBe('3 questions, 9 sessions, 6 with an answer. In brackets: 95 % confidence.');
  expect(lines.find((line) => line.startsWith('pass@3'))).toMatch(/33\.3 % \(6\.1-79\.2\) +66\.7 % \(20\.8-93\.9\)/);
});

describe('the judge', () => {
  test.each([
    ['correct: the same lamp.', true],
    ['**Correct** – as said.', true],
    ['incorrect: another year.', false],
    ['正确：相同。', true],
    ['不正确：年份不同。', false],
    ['I cannot say.', undefined],
    ['', undefined],
  ])('%j says %s', (text, verdict) => {
    expect(readVerdict(text)).toBe(verdict);
  });

  test('sees each wording of an answer once, and its verdict goes to all who gave it', async () => {
    const question: ScoredQuestion = {
      id: '1',
      question: 'a',
      reference: 'Paris',
      answers: answers('Lutetia', 'Rome', 'Lutetia', ''),
    };
    const cases = casesOf([question]);
    expect(cases).toHaveLength(2);
    expect(cases[0]?.row.question).toContain('<reference>\nParis\n</reference>');
    const verdicts: Record<string, string> = { 'j.00001.r1': 'correct: its old name.', 'j.00002.r1': 'hm' };
    const client = { attach: async (id: string) => ({ result: async () => ({ answer: verdicts[id] }) }) };
    expect(await readVerdicts(client as never, 'j', cases)).toBe(1);
    expect(question.answers.map(({ judged }) => judged)).toEqual([true, undefined, true, false]);
    expect(scoresOf('judge', [question]).mean.value).toBe(0.5);
  });
});

describe('the formats of benchmarks', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deep-research-score-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  test('GAIA', async () => {
    const row = {
      task_id: 't1',
      Question: 'How many?',
      Level: 2,
      'Final answer': '17',
      file_name: 'a.xlsx',
      'Annotator Metadata': {},
    };
    const path = file(
      'metadata.jsonl',
      `${JSON.stringify(row)}\n${JSON.stringify({ ...row, task_id: 't2', file_name: '' })}\n`,
    );
    expect(await readBenchmark(path, 'gaia')).toEqual([
      { id: 't1', question: 'How many?', answer: '17', level: 2, file_path: ['a.xlsx'] },
      { id: 't2', question: 'How many?', answer: '17', level: 2 },
    ]);
  });

  // The ciphered texts were made with Python, as the benchmarks publish theirs.
  test('BrowseComp, enciphered', async () => {
    const csv = `problem,answer,problem_topic,canary\n${CIPHERED.problem},${CIPHERED.answer},Lamps,GUID abc-123\n`;
    expect(await readBenchmark(file('browse_comp.csv', csv), 'browsecomp')).toEqual([
      {
        id: '1',
        question: 'Which lamp burns in the northern harbour, and since when?',
        answer: 'The green one, 1891',
        topic: 'Lamps',
      },
    ]);
  });

  test('BrowseComp-ZH, enciphered in a spreadsheet', async () => {
    const sheet = utils.json_to_sheet([
      { Topic: CIPHERED.topic, Question: CIPHERED.zh, Answer: CIPHERED.zhAnswer, canary: 'GUID abc-123' },
    ]);
    const book = utils.book_new();
    utils.book_append_sheet(book, sheet, 'one');
    const path = file('browsecomp-zh.xlsx', write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer);
    expect(await readBenchmark(path, 'browsecomp-zh')).toEqual([
      { id: '1', question: '哪座灯塔最老？', answer: '青岛灯塔', topic: '地理' },
    ]);
  });

  test('xbench, enciphered', async () => {
    const csv = `\ufeffid,prompt,answer,reference_steps,canary\n9,${CIPHERED.xbench},${CIPHERED.xbenchAnswer},"a, ""b""",canary-7\n`;
    expect(await readBenchmark(file('DeepSearch.csv', csv), 'xbench')).toEqual([
      { id: '9', question: '谁写了《守灯人日记》？', answer: '周海' },
    ]);
  });

  test("HLE without its images, DeepResearch Bench without answers, the original's own", async () => {
    const hle = [
      { id: 'h1', question: 'Which?', answer: 'B', image: '', category: 'Math' },
      { id: 'h2', question: 'See.', answer: 'C', image: 'data:image/png;base64,xx' },
    ];
    expect(await readBenchmark(file('hle.jsonl', hle.map((row) => JSON.stringify(row)).join('\n')), 'hle')).toEqual([
      { id: 'h1', question: 'Which?', answer: 'B', category: 'Math' },
    ]);
    const report = { id: 1, topic: 'Lamps', language: 'zh', prompt: '写一份报告。' };
    expect(await readBenchmark(file('query.jsonl', JSON.stringify(report)), 'deepresearch-bench')).toEqual([
      { id: '1', question: '写一份报告。', language: 'zh', topic: 'Lamps' },
    ]);
    const own = { id: 1, question: '这是问题', answer: '答案', file_path: null, src: { dataset_name: 'x' } };
    expect(await readBenchmark(file('s1.jsonl', JSON.stringify(own)), 's1')).toMatchObject([
      { id: '1', question: '这是问题', answer: '答案' },
    ]);
  });

  test('what is not of the format is told by its row', async () => {
    await expect(readBenchmark(file('x.jsonl', '{"question": "Why?"}'), 'gaia')).rejects.toThrow(
      /row 1: expected a column "task_id"/,
    );
    await expect(readBenchmark(file('y.jsonl', '{'), 's1')).rejects.toThrow(/no JSON/);
    await expect(readBenchmark(file('z.jsonl', '{}'), 'squad')).rejects.toThrow(/expected one of s1, gaia/);
  });

  test('answers are read from output files, with the references in the rows or beside them', async () => {
    const row = (id: number, answer: string, more: object = {}) => ({
      query: `Why ${id}?`,
      status: 'success',
      result: { query_id: `q${id}`, final_answer: `<think>\nHm.\n</think>\n<answer>${answer}</answer>` },
      segment_idx: 1,
      segment_total: 1,
      src: { id, question: `Why ${id}?`, answer: 'So' },
      ...more,
    });
    const one = file(
      'rollout_01.jsonl',
      [row(1, 'So'), row(2, 'No', { status: 'error' })].map((each) => `${JSON.stringify(each)}\n`).join(''),
    );
    const two = file('rollout_02.jsonl', `${JSON.stringify(row(1, 'no'))}\n`);
    expect(await readAnswers([one, two])).toEqual([
      { id: '1', question: 'Why 1?', reference: 'So', answers: answers('So', 'no') },
      { id: '2', question: 'Why 2?', reference: 'So', answers: answers('') },
    ]);
    expect(await readAnswers([one], [{ id: 'x', question: 'Why 1?', answer: 'No' }])).toMatchObject([
      { reference: 'No' },
    ]);
    await expect(readAnswers([one], [{ id: 'x', question: 'Else?', answer: 'No' }])).rejects.toThrow(
      /None of the questions/,
    );
  });
});

const CIPHERED = {
  problem: 'iy20pYV+2BfsSZ0NF8m/ic7m3Bcv46XBY26q6lE5JlL8Lby0jzHBBK0Z3AEGm6KTgOzXFyzjpY8y',
  answer: 'iC245oos0RPvGdIBB5fxy9a2gw==',
  zh: 'OdZ3I1f5U/cu3Bz7hCdREm4OXYvE',
  zhAnswer: 'NdhPI1/FU/cu3Bz7',
  topic: 'OdltIX3Y',
  xbench: 'i9HvhPTgyY3lgu7rl9el0OLOitvIn7qSi8/egvLywov8',
  xbenchAnswer: 'hvDGh8fO',
};
