import type { BatchSettings, BrokenLine, RowOutcome } from './batch.ts';
import type { ResearchResult } from './result.ts';

/** One session to run: a row of the input and which of its rollouts. */
export interface BatchTask {
  /** Counts from 1 over the rows that could be read. */
  row: number;
  rollout: number;
  /** Where the row stands in the stored input: bytes. */
  offset: number;
  bytes: number;
}

/** The same with what its session is given. */
export interface ReadyTask extends BatchTask {
  question: string;
  files: string[];
  skills: string[];
}

export interface OpenBatchInput {
  batch: string;
  runId: string;
  settings: BatchSettings;
}

/** What depends on the worker and its files, settled once. */
export interface OpenedBatch {
  /** Folder of the output on the workers. */
  output: string;
  rows: number;
  /** Sessions to run. */
  tasks: number;
  /** Sessions of rows that need not run. */
  skipped: number;
  broken: BrokenLine[];
  brokenCount: number;
  /** Bytes that the output file of each rollout has already. */
  offsets: number[];
  /** Whether the server knows the search attribute of a batch's sessions. */
  searchAttributes: boolean;
  /** Whether it knows those of a session as well. */
  sessionAttributes?: boolean;
}

export interface ReadTasksInput {
  batch: string;
  from: number;
  count: number;
}

/** Of a session's result, what its row needs. */
export interface SessionEnding
  extends Pick<ResearchResult, 'stopReason' | 'rounds' | 'usage' | 'elapsedMs' | 'account'> {
  answered: boolean;
}

export const endingOf = (result: ResearchResult): SessionEnding => {
  const { answer, stopReason, rounds, usage, elapsedMs, account } = result;
  return { answered: answer !== '', stopReason, rounds, usage, elapsedMs, ...(account ? { account } : {}) };
};

export interface RecordRowsInput {
  batch: string;
  /** `ending` where the batch was told of it; else Temporal is asked. */
  sessions: { task: BatchTask; id: string; ending?: SessionEnding }[];
  offsets: number[];
  /** The batch is being stopped: sessions that were cancelled with it have no row. */
  stopping: boolean;
  logLabel?: string;
}

export interface RecordedRows {
  outcomes: RowOutcome[];
  offsets: number[];
}

export interface CloseBatchInput {
  batch: string;
  offsets: number[];
  summary: object;
}

/** The activities of a batch, by type. */
export interface BatchActivities {
  openBatch(input: OpenBatchInput): Promise<OpenedBatch>;
  readBatchTasks(input: ReadTasksInput): Promise<ReadyTask[]>;
  /** Writes the output rows of sessions that have ended, from the given byte on, so that a repetition changes nothing. */
  recordRows(input: RecordRowsInput): Promise<RecordedRows>;
  /** Waits until some of these sessions have ended, for a few minutes at most, and gives their ids. */
  awaitSessions(input: { ids: string[] }): Promise<string[]>;
  closeBatch(input: CloseBatchInput): Promise<void>;
}
