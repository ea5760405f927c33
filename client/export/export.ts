import type { ResearchInput } from '../../protocol/input.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { type FailureKind, ResearchFailed } from '../errors.ts';
import type { Outcome, Snapshot } from '../snapshot.ts';
import { pageOf } from './html/page.ts';
import { markdownOf } from './markdown.ts';
import { exportedToRows } from './to-rows.ts';

/** How a session is written: `json` for programs, `jsonl` as the original's output rows, `md` and `html` for people. */
export const EXPORT_FORMATS = {
  json: (session) => `${JSON.stringify(session, null, 2)}\n`,
  jsonl: async (session) => (await exportedToRows(session)).map((row) => `${JSON.stringify(row)}\n`).join(''),
  md: markdownOf,
  html: pageOf,
} satisfies Record<string, (session: ExportedSession) => string | Promise<string>>;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** A whole session. `version` changes when a reader of the one before would be wrong. */
export interface ExportedSession {
  version: 1;
  id: string;
  runId: string;
  outcome: Outcome;
  /** As it was sent; absent where the server keeps the first run's history no longer. */
  input?: string | ResearchInput;
  status: Status;
  /** Absent while the session works, and where it failed. */
  result?: ResearchResult;
  failure?: { kind: FailureKind; message: string; type?: string };
  /** The trajectory: every reply, call, result and note. */
  segments: Segment[];
}

/** What an export reads. */
export interface ExportSource {
  id: string;
  snapshot(): Promise<Snapshot>;
  status(): Promise<Status>;
  trajectory(): Promise<Segment[]>;
  input(): Promise<string | ResearchInput | undefined>;
  result(): Promise<ResearchResult>;
}

/** A session as one document with a final newline. Needs a worker. */
export async function exportSession(source: ExportSource, format: ExportFormat): Promise<string> {
  return EXPORT_FORMATS[format](await collectSession(source));
}

export async function collectSession(source: ExportSource): Promise<ExportedSession> {
  const { runId, outcome } = await source.snapshot();
  const segments = await source.trajectory();
  const status = await source.status();
  const input = await source.input();
  return {
    version: 1,
    id: source.id,
    runId,
    outcome,
    ...(input === undefined ? {} : { input }),
    status,
    ...(await ending(source, outcome, status)),
    segments,
  };
}

async function ending(source: ExportSource, outcome: Outcome, status: Status) {
  if (outcome === 'running') return status.result ? { result: status.result } : {};
  try {
    return { result: await source.result() };
  } catch (error) {
    if (!(error instanceof ResearchFailed)) throw error;
    const { kind, message, type } = error;
    return { failure: { kind, message, ...(type ? { type } : {}) } };
  }
}
