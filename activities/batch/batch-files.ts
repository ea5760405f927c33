import { join } from 'node:path';
import { type Place, placeInWords } from '../../store/place.ts';
import type { Kept } from '../workspace/keep.ts';
import { workspaceName } from '../workspace/workspace.ts';
import { bucketFiles } from './bucket-files.ts';
import { folderFiles } from './folder-files.ts';

/** The files of one batch, in a folder or a bucket. Names are paths with `/`. */
export interface BatchFiles {
  /** Undefined where there is none. */
  read(name: string): Promise<Buffer | undefined>;
  readPart(name: string, offset: number, bytes: number): Promise<Buffer>;
  /** A reader sees all of it or what was before. */
  write(name: string, text: string): Promise<void>;
  /** The same for what may be lost or damaged in a crash of the machine. */
  leave(name: string, text: string): Promise<void>;
  append(name: string, text: string): Promise<void>;
  /** Writes JSON unless something is there; what is there in the end counts. */
  publish(name: string, record: unknown): Promise<void>;
  remove(name: string): Promise<void>;
  /** Takes a file of this machine. */
  take(name: string, path: string): Promise<void>;
  /** A folder of this machine for files on their way. */
  scratch(): Promise<string>;

  /** The rows of a rollout, which counts from 1, as far as they are written. */
  rows(rollout: number): AsyncIterable<Uint8Array>;
  /** Writes rows at their place and gives the next. Throws where what was written before is not there. */
  writeRows(rollout: number, offset: number, bytes: Buffer): Promise<number>;
  /** Puts a file of this machine in the place of all rows. */
  replaceRows(rollout: number, path: string): Promise<void>;
  /** No more rows will come: what lies beyond these bytes goes. */
  endRows(rollout: number, bytes: number): Promise<void>;

  /** Whether sessions may leave their accounts: the batch works, and this worker sees its files. */
  takesAccounts(): Promise<boolean>;
  /** From here on they may, or, with their accounts, no longer. */
  setTakesAccounts(yes: boolean): Promise<void>;
}

/** Where workers keep batches: below the state folder, unless a place is named that several machines share. */
export interface BatchPlaces {
  stateDir: string;
  batches?: Place;
  filesDir?: string;
  /** Where files are that clients have sent. */
  kept: Kept;
}

export type BatchPlace = Pick<BatchPlaces, 'stateDir' | 'batches'>;

const placeOf = ({ stateDir, batches }: BatchPlace): Place => batches ?? { folder: join(stateDir, 'batches') };

export function batchFiles(places: BatchPlace, batch: string): BatchFiles {
  const place = placeOf(places);
  const name = workspaceName(batch);
  if ('folder' in place) return folderFiles(join(place.folder, name));
  const prefix = [place.s3.prefix, name].filter(Boolean).join('/');
  return bucketFiles({ ...place.s3, prefix }, join(places.stateDir, 'scratch'));
}

/** What people, and clients that look for the output, are told of the place of a batch. */
export const outputPlace = (places: BatchPlace, batch: string): string =>
  `${placeInWords(placeOf(places))}/${workspaceName(batch)}`;

export const INPUT = 'input.jsonl';
export const PLAN = 'plan.bin';
export const SUMMARY = 'summary.json';
export const rolloutFile = (rollout: number): string => `rollout_${String(rollout).padStart(2, '0')}.jsonl`;
