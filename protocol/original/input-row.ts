import { z } from 'zod';
import { describeIssues } from '../input.ts';

const paths = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value) => (Array.isArray(value) ? value : [value ?? '']).filter((path) => path.trim() !== ''));

const skill = z.union([
  z.string().min(1),
  z.looseObject({ name: z.string().min(1), skill_path: z.string().nullish() }),
]);

/** Its place, which is one of another machine, tells more than its name; a word alone is no place. */
const pathOf = ({ name, skill_path: path }: { name: string; skill_path?: string | null | undefined }): string =>
  path && /[\\/]/.test(path) ? path.replace(/^(?:[a-z]:)?[\\/]+/i, '') : name;

/** A row of the original's input files. Other fields are kept for the output. */
export const inputRow = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  question: z.string().refine((text) => text.trim() !== '', 'expected a question, got only blanks'),
  file_path: paths,
  skills: z
    .array(skill)
    .nullish()
    .transform((list) => (list ?? []).map((each) => (typeof each === 'string' ? each : pathOf(each)))),
});

export interface ReadRow {
  question: string;
  /** As written in `file_path`. */
  files: string[];
  /** Names, or the paths of the original's `skill_path`. */
  skills: string[];
  /** The row as it stands in the file. */
  src: Record<string, unknown>;
}

/** Reads a line of an input file; `undefined` for a blank one. Errors are one phrase. */
export function readInputLine(line: string): ReadRow | { error: string } | undefined {
  const text = line.replace(/^\ufeff/, '').trim();
  if (text === '') return undefined;
  let src: unknown;
  try {
    src = JSON.parse(text);
  } catch (error) {
    return { error: `no JSON: ${(error as Error).message.slice(0, 200)}` };
  }
  if (src === null || typeof src !== 'object' || Array.isArray(src)) return { error: 'expected a JSON object' };
  const parsed = inputRow.safeParse(src);
  if (!parsed.success) return { error: describeIssues(parsed.error, src) };
  const { question, file_path: files, skills } = parsed.data;
  return { question, files, skills, src: src as Record<string, unknown> };
}

/** By what the original tells rows apart: id and question together. */
export function rowKey(src: { id?: unknown; question?: unknown }): string {
  const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
  return `${text(src.id)}__${text(src.question)}`;
}
