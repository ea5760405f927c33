import * as wf from '@temporalio/workflow';
import type { RecordRowsInput } from '../protocol/batch-activities.ts';
import { batchActivities } from './batch-runtime.ts';
import { addOutcome, type BatchData } from './batch-state.ts';

/** Rows of one write: some ten megabytes where sessions are long. */
const MOST_ROWS = 48;
/** As long as runs are at work that were begun with it. */
const MOST_ROWS_BEFORE = 16;
/** Rows wait for others, so that they are written together; no longer than this, milliseconds. */
const LOT_MS = 2_000;
/** The same after so many rows in one write: sessions end so fast that a write costs more than a moment is worth. */
const FAST = { rows: 16, lotMs: 4_000 };

/** Writes the rows of sessions that have ended, one lot after another: where a row goes depends on the ones before it. */
export class RowWriter {
  readonly #data: BatchData;
  readonly #world: RowWriterWorld;
  /** Ended, not yet written. */
  readonly #ended: RecordRowsInput['sessions'] = [];
  #writing = false;
  #writtenAt = 0;
  #timer = false;
  /** A run that was begun by an older worker writes each row at once. */
  #inLots = true;
  #most = MOST_ROWS;
  #lotMs = LOT_MS;
  #longer = true;

  constructor(data: BatchData, world: RowWriterWorld) {
    this.#data = data;
    this.#world = world;
  }

  /** Before the first row: asks which way this run's history was begun with. */
  begin(): void {
    this.#inLots = wf.patched('rows-in-lots');
    this.#most = wf.patched('larger-lots') ? MOST_ROWS : MOST_ROWS_BEFORE;
    this.#longer = wf.patched('longer-lots');
  }

  /** Sessions whose rows are not written. */
  get waiting(): number {
    return this.#ended.length;
  }

  /** Sessions that were started and have not ended. */
  get atWork(): number {
    return this.#data.open.length - this.#ended.length;
  }

  get isWriting(): boolean {
    return this.#writing;
  }

  has(id: string): boolean {
    return this.#ended.some((session) => session.id === id);
  }

  add(session: RecordRowsInput['sessions'][number]): void {
    this.#ended.push(session);
    this.write();
  }

  /** Writes a lot, unless one is being written or, but for `atOnce`, it pays to wait for more. */
  write({ atOnce = false } = {}): void {
    if (this.#writing || this.#ended.length === 0 || (!atOnce && this.#waitsForMore())) return;
    this.#writing = true;
    const data = this.#data;
    const { batch, stopping, woken, failed } = this.#world;
    const sessions = this.#ended.slice(0, this.#most);
    const { logLabel } = data.settings;
    wf.CancellationScope.nonCancellable(() =>
      batchActivities.recordRows({
        batch,
        sessions,
        offsets: data.offsets,
        stopping: stopping(),
        ...(logLabel === undefined ? {} : { logLabel }),
      }),
    )
      .then(({ outcomes, offsets }) => {
        data.offsets = offsets;
        this.#ended.splice(0, sessions.length);
        for (const outcome of outcomes) addOutcome(data, outcome);
      }, failed)
      .finally(() => {
        this.#writing = false;
        this.#writtenAt = Date.now();
        this.#lotMs = this.#longer && sessions.length >= FAST.rows ? FAST.lotMs : LOT_MS;
        woken();
      });
  }

  /** A lot that is not full is written a moment after the one before, or when nothing more can come. */
  #waitsForMore(): boolean {
    if (!this.#inLots || this.#world.stopping() || this.#ended.length >= this.#most || this.atWork === 0) return false;
    const left = this.#writtenAt + this.#lotMs - Date.now();
    if (left <= 0) return false;
    if (!this.#timer) {
      this.#timer = true;
      wf.sleep(left)
        .catch(() => {})
        .finally(() => {
          this.#timer = false;
          this.#world.woken();
        });
    }
    return true;
  }
}

/** What the writer asks and tells the batch. */
export interface RowWriterWorld {
  /** Id of the batch. */
  batch: string;
  stopping(): boolean;
  /** Something has happened. */
  woken(): void;
  failed(error: unknown): void;
}
