import { readFile } from 'node:fs/promises';
import { mustBeFile } from '../batch/read-questions.ts';
import { InvalidInput } from '../errors.ts';
import { byHashOf, byText } from './cipher.ts';

/** A question of a benchmark. `answer` is absent where it has none, as for reports. */
export interface BenchmarkQuestion {
  id: string;
  question: string;
  answer?: string;
  /** Files that belong to it. */
  file_path?: string[];
  [more: string]: unknown;
}

type Row = Record<string, unknown>;

/** One row of a benchmark's own file as a question; undefined where the row is not for models of text. */
type Read = (row: Row) => BenchmarkQuestion | undefined;

const text = (row: Row, ...names: string[]): string => {
  for (const name of names) {
    const value = row[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  throw new InvalidInput(`expected a column ${names.map((name) => `"${name}"`).join(' or ')}`);
};
const maybe = (row: Row, ...names: string[]): string | undefined => {
  try {
    return text(row, ...names);
  } catch {
    return undefined;
  }
};
const defined = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

/** Without a canary the file was deciphered before. */
const deciphered = (row: Row, by: (canary: string) => (text: string) => string): ((text: string) => string) => {
  const canary = maybe(row, 'canary', 'Canary');
  return canary === undefined ? (plain) => plain : by(canary);
};

/** The public formats, by the names under which they are asked for. */
export const BENCHMARKS: Record<string, { description: string; read: Read }> = {
  s1: {
    description: "the original's own data: JSON Lines with id, question, answer, file_path",
    read: (row) => ({
      ...row,
      id: maybe(row, 'id') ?? '',
      question: text(row, 'question'),
      answer: maybe(row, 'answer'),
    }),
  },
  gaia: {
    description: 'GAIA: metadata.jsonl',
    read: (row) => {
      const file = maybe(row, 'file_name');
      return defined({
        id: text(row, 'task_id'),
        question: text(row, 'Question'),
        answer: maybe(row, 'Final answer'),
        level: row.Level,
        ...(file ? { file_path: [file] } : {}),
      });
    },
  },
  browsecomp: {
    description: 'BrowseComp: CSV with problem, answer and canary, enciphered',
    read: (row) => {
      const plain = deciphered(row, byHashOf);
      return {
        id: maybe(row, 'id') ?? '',
        question: plain(text(row, 'problem')),
        answer: plain(text(row, 'answer')),
        topic: row.problem_topic,
      };
    },
  },
  'browsecomp-zh': {
    description: 'BrowseComp-ZH: XLSX or CSV with Question, Answer, Topic and canary, enciphered',
    read: (row) => {
      const plain = deciphered(row, byHashOf);
      const topic = maybe(row, 'Topic');
      return defined({
        id: maybe(row, 'id', 'ID') ?? '',
        question: plain(text(row, 'Question', 'question')),
        answer: plain(text(row, 'Answer', 'answer')),
        topic: topic === undefined ? undefined : plain(topic),
      });
    },
  },
  xbench: {
    description: 'xbench-DeepSearch: CSV with prompt, answer and canary, enciphered',
    read: (row) => {
      const plain = deciphered(row, byText);
      return { id: text(row, 'id'), question: plain(text(row, 'prompt')), answer: plain(text(row, 'answer')) };
    },
  },
  hle: {
    description: "Humanity's Last Exam: JSON Lines or CSV; questions with an image are left out",
    read: (row) =>
      maybe(row, 'image') === undefined
        ? { id: text(row, 'id'), question: text(row, 'question'), answer: text(row, 'answer'), category: row.category }
        : undefined,
  },
  'deepresearch-bench': {
    description: 'DeepResearch Bench: query.jsonl; its reports have no answers to compare with',
    read: (row) => ({ id: text(row, 'id'), question: text(row, 'prompt'), language: row.language, topic: row.topic }),
  },
};

/** Reads a benchmark's own file. Throws `InvalidInput` that names the row. */
export async function readBenchmark(path: string, format: string): Promise<BenchmarkQuestion[]> {
  const benchmark = BENCHMARKS[format];
  if (!benchmark) {
    throw new InvalidInput(`--format: expected one of ${Object.keys(BENCHMARKS).join(', ')}, got "${format}".`);
  }
  await mustBeFile(path);
  const questions: BenchmarkQuestion[] = [];
  for (const [index, row] of (await rowsOf(path)).entries()) {
    try {
      const question = benchmark.read(row);
      if (question) questions.push({ ...question, id: question.id || String(index + 1) });
    } catch (error) {
      throw new InvalidInput(`${path}: row ${index + 1}: ${(error as Error).message}.`, { cause: error });
    }
  }
  if (questions.length === 0) throw new InvalidInput(`${path}: there are no questions in it.`);
  return questions;
}

/** Rows of a JSON Lines file, a JSON list, a CSV file or a spreadsheet's first sheet. */
async function rowsOf(path: string): Promise<Row[]> {
  const bytes = await readFile(path);
  if (/\.jsonl?$/i.test(path)) {
    const content = bytes.toString('utf8').replace(/^\ufeff/, '');
    try {
      if (content.trimStart().startsWith('[')) return JSON.parse(content) as Row[];
      const lines = content.split(/\r?\n/).filter((line) => line.trim() !== '');
      return lines.map((line) => JSON.parse(line) as Row);
    } catch (error) {
      throw new InvalidInput(`${path}: no JSON: ${(error as Error).message}`, { cause: error });
    }
  }
  const { read, utils } = await import('@e965/xlsx');
  // As they stand: numbers and dates among the answers are texts.
  const book = /\.csv$/i.test(path)
    ? read(bytes.toString('utf8').replace(/^\ufeff/, ''), { type: 'string', raw: true })
    : read(bytes, { type: 'buffer', cellText: true });
  const sheet = book.Sheets[book.SheetNames[0] ?? ''];
  return sheet ? utils.sheet_to_json<Row>(sheet, { raw: false, defval: '' }) : [];
}
