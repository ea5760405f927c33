import { describeIssues, researchInput, sentFile } from './input.ts';
import { noUsage, type Usage } from './reply.ts';
import { type Sketch, sketch } from './sketch.ts';
import * as z from './zod.ts';

/** Rows beyond this many belong into a file: each payload of Temporal has at most 2 MiB. */
const MOST_INLINE_ROWS = 5_000;

/** Input of `deepResearchBatch`: where the questions are, how they run, and what every session of them is given. */
export const batchInput = () =>
  z
    .strictObject({
      ...researchInput().omit({
        question: true,
        files: true,
        skills: true,
        keepOpenSeconds: true,
        sharedSearches: true,
      }).shape,
      /** The original's input rows: `id`, `question`, `file_path`, `skills`; other fields are kept for the output. */
      rows: z.array(z.record(z.string(), z.unknown())).min(1).max(MOST_INLINE_ROWS).optional(),
      /** A JSON Lines file of such rows: a path below the worker's `DEEP_RESEARCH_FILES_DIR`, or one stored by its hash. */
      file: z.union([z.string().min(1), sentFile()]).optional(),
      /** Such a file, compressed with gzip and written in base64: what clients send. */
      packed: z
        .string()
        // Not zod's own check, which needs a function that the workflow sandbox has not.
        .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected base64')
        .optional(),
      /** How often each question is worked on; each time has an output file of its own. */
      rollouts: z.int().min(1).max(99).default(1),
      /** The rollouts of a question share what their searches bring, and nothing with other questions. */
      shareSearches: z.boolean().default(false),
      /** Most sessions at work at once. */
      window: z.int().min(1).max(1000).default(16),
      /** As in the original; the session answers from what it has then. */
      timeoutSeconds: z.number().gt(0).default(7200),
      /** Behind single questions, so that these overtake. */
      priority: z.int().min(1).max(5).default(4),
      /** Output files of earlier runs, ours or the original's, below `DEEP_RESEARCH_FILES_DIR`: what they finished is taken over. */
      resumeFrom: z.array(z.string().min(1)).default([]),
      /** Rows that need not run, by rollout: pairs of first and last row, counted from 1. */
      skip: z.record(z.string().regex(/^\d+$/), z.array(z.tuple([z.int().min(1), z.int().min(1)]))).default({}),
      /** Counts up when failed rows run again: their sessions need new ids. */
      attempt: z.int().min(1).default(1),
      /** With it, the original's log folders are written beside the output. */
      logLabel: z
        .string()
        .regex(/^[\w.-]{1,80}$/, 'expected letters, digits, ".", "_" and "-"')
        .optional(),
    })
    .refine(({ rows, file, packed }) => [rows, file, packed].filter((given) => given !== undefined).length === 1, {
      message: 'expected exactly one of "rows" and "file"',
    });

/** What a caller writes. */
export type BatchInput = z.input<ReturnType<typeof batchInput>>;
/** The same with every default filled in. */
export type BatchSettings = z.output<ReturnType<typeof batchInput>>;

/** Reads the input of a batch: a plain string names the file. Errors are one sentence that names the field. */
export function parseBatchInput(raw: unknown): { settings: BatchSettings } | { error: string } {
  const value = typeof raw === 'string' ? { file: raw } : raw;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { error: 'Invalid input: expected the name of a file of questions or an object with "rows" or "file".' };
  }
  const parsed = batchInput().safeParse(value);
  if (parsed.success) return { settings: parsed.data };
  return { error: `Invalid input: ${describeIssues(parsed.error, value)}.` };
}

export type RowStatus = 'success' | 'timeout' | 'error';

/** How one session of a batch ended, without its texts. */
export interface RowOutcome {
  /** Counts from 1 over the rows that could be read. */
  row: number;
  rollout: number;
  session: string;
  /** `cancelled`: the batch was stopped; there is no output row. */
  status: RowStatus | 'cancelled';
  rounds: number;
  segments: number;
  calls: number;
  usage: Usage;
  elapsedMs: number;
  /** Why it has no answer, in short. */
  error?: string;
}

/** A line of the input that could not be read. */
export interface BrokenLine {
  line: number;
  reason: string;
}

export type BatchStateName = 'preparing' | 'running' | 'paused' | 'stopping' | 'done' | 'cancelled';

/** What all sessions of a batch came to. */
export interface BatchTotals {
  success: number;
  timeout: number;
  error: number;
  usage: Usage;
  rounds: Sketch;
  calls: Sketch;
  /** Prompt and generated tokens of a session. */
  tokens: Sketch;
  seconds: Sketch;
}

export const noTotals = (): BatchTotals => ({
  success: 0,
  timeout: 0,
  error: 0,
  usage: noUsage(),
  rounds: sketch(),
  calls: sketch(),
  tokens: sketch(),
  seconds: sketch(),
});

/** Answer of the batch's `status` query. */
export interface BatchStatus {
  state: BatchStateName;
  /** Sessions in all: rows times rollouts. */
  total: number;
  rows: number;
  rollouts: number;
  /** Finished before this run: taken over from output files. */
  skipped: number;
  done: number;
  totals: BatchTotals;
  /** Ids of the sessions at work, the oldest first; at most 20. */
  open: string[];
  openCount: number;
  window: number;
  /** Lines of the input that could not be read; the first 20. */
  broken: BrokenLine[];
  brokenCount: number;
  /** Folder of the output on the workers. */
  output: string;
  startedAt: number;
}

/** Answer of the batch's `progress` query: the last sessions that ended, the newest last. */
export interface BatchProgress {
  outcomes: RowOutcome[];
}

/** Result of `deepResearchBatch`. */
export interface BatchResult {
  state: 'done' | 'cancelled';
  total: number;
  skipped: number;
  totals: BatchTotals;
  broken: BrokenLine[];
  brokenCount: number;
  output: string;
  elapsedMs: number;
}
