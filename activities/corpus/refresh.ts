import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { type ContainedReader, containedReader } from '../documents/contained-reader.ts';
import { isPlainText, readDocument } from '../documents/read-document.ts';
import { readInside } from '../documents/read-inside.ts';
import { ToolError } from '../tools/tool.ts';
import { type DocumentRow, documentTable, type FileContent } from './document-table.ts';
import { transaction } from './index-file.ts';
import { statFile, type WalkedFile, walk } from './walk.ts';

export interface RefreshProgress {
  /** Changed files handled so far, and how many there are. */
  done: number;
  total: number;
}

/** What a refresh found. */
export interface RefreshReport {
  /** Files in the folder, with those that cannot be read. */
  files: number;
  /** Of these, new or changed ones that were read. */
  read: number;
  removed: number;
}

/** A batch is written once it has so much text or so many files: few enough that readers and writers hardly wait. */
const BATCH_CHARACTERS = 500_000;
const BATCH_FILES = 50;

let reader: ContainedReader | undefined;

/** For what takes libraries to read: a file that brings one down must not bring down the worker. */
function contained(): ContainedReader {
  reader ??= containedReader();
  return reader;
}

export interface RefreshOptions {
  /** The folder's real path. */
  root: string;
  /** Absolute folders below it to leave out. */
  except: string[];
  maxBytes: number;
  signal?: AbortSignal;
  onProgress?: (progress: RefreshProgress) => void;
}

/**
 * Brings the index up to the folder's state. Files whose size and times are as before are not opened. Each batch is a
 * transaction of its own, so what was done counts when it is cut short, and other processes may refresh as well.
 */
export async function refreshIndex(db: DatabaseSync, options: RefreshOptions): Promise<RefreshReport> {
  const { root, signal, onProgress } = options;
  const table = documentTable(db);
  const seen = new Set<string>();
  const stale: WalkedFile[] = [];
  for await (const file of walk(root, options.except, signal)) {
    seen.add(file.path);
    if (!isCurrent(table.find(file.path), file)) stale.push(file);
  }

  let batch: { file: WalkedFile; content: FileContent }[] = [];
  let read = 0;
  const write = () => {
    if (batch.length === 0) return;
    transaction(db, () => {
      for (const { file, content } of batch) {
        const row = table.find(file.path);
        if (isCurrent(row, file)) continue;
        if (row && content.hash !== '' && row.hash === content.hash) table.touch(file);
        else table.put(file, content);
      }
    });
    batch = [];
  };
  let characters = 0;
  for (const [done, file] of stale.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ done, total: stale.length });
    // Another process may have read it by now.
    if (isCurrent(table.find(file.path), file)) continue;
    const entry = await readFile(file, options);
    if (!entry) continue;
    read++;
    batch.push(entry);
    characters += 'text' in entry.content ? entry.content.text.length : 0;
    if (batch.length >= BATCH_FILES || characters >= BATCH_CHARACTERS) {
      write();
      characters = 0;
      // Heartbeats and cancellation get their turn.
      await setImmediate();
    }
  }
  write();
  const removed = await removeVanished(db, root, seen, signal);
  onProgress?.({ done: stale.length, total: stale.length });
  return { files: seen.size, read, removed };
}

function isCurrent(row: DocumentRow | undefined, file: WalkedFile): boolean {
  return row !== undefined && row.size === file.size && row.modified === file.modified && row.changed === file.changed;
}

/** A file's content with the state it had when it was opened; `undefined` when it has vanished since the walk. */
async function readFile(
  file: WalkedFile,
  { root, maxBytes, signal }: RefreshOptions,
): Promise<{ file: WalkedFile; content: FileContent } | undefined> {
  let state = file;
  let hash = '';
  try {
    const { bytes, ...opened } = await readInside(root, join(root, file.path), file.path, maxBytes);
    state = { path: file.path, ...opened };
    hash = createHash('sha256').update(bytes).digest('hex');
    const read = isPlainText(bytes) ? readDocument : contained().read;
    const document = await read(bytes, { name: file.path, maxBytes, signal });
    if (document.kind === 'image') throw new ToolError(`${file.path} is an image, which has no text to search.`);
    return { file: state, content: { hash, ...document } };
  } catch (error) {
    if (error instanceof ToolError) return { file: state, content: { hash, unread: error.message } };
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    if (code === undefined) throw error;
    return { file: state, content: { hash, unread: `${file.path} cannot be opened (${code}).` } };
  }
}

/** Takes out what the walk did not meet. Asked once more, for another process may have added a file since. */
async function removeVanished(
  db: DatabaseSync,
  root: string,
  seen: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<number> {
  const table = documentTable(db);
  const gone: string[] = [];
  for (const { path } of db.prepare('SELECT path FROM documents').all() as { path: string }[]) {
    signal?.throwIfAborted();
    if (!seen.has(path) && !(await isListed(root, path))) gone.push(path);
  }
  for (let i = 0; i < gone.length; i += BATCH_FILES) {
    transaction(db, () => gone.slice(i, i + BATCH_FILES).forEach(table.remove));
    await setImmediate();
  }
  return gone.length;
}

/** Whether the file is still there, and no folder of its path has become a link. */
async function isListed(root: string, path: string): Promise<boolean> {
  const place = join(root, path);
  return (await statFile(root, path)) !== undefined && (await realpath(place).catch(() => '')) === place;
}
