import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { closestPaths } from '../corpus/closest.ts';
import { walk } from '../corpus/walk.ts';
import { type ToolContext, ToolError } from '../tools/tool.ts';
import type { FetchFile } from '../web/web-files.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import { MOST_BYTES } from './settings.ts';

type Where = Pick<ToolContext, 'workspace' | 'signal'>;

/** Files looked at for a suggestion, and files named in one. */
const LOOKED_AT = 5_000;
const SUGGESTED = 8;

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(path);

/** The bytes of an image in the workspace or at an address. Throws `ToolError` with one sentence. */
export async function imageBytes(path: string, where: Where, fetchFile?: FetchFile): Promise<Uint8Array> {
  if (isAddress(path)) {
    // SVG drawings come as XML, and some servers know no type for images.
    const wanted = { accept: ['image', 'xml', 'binary', 'text'] as const, maxBytes: MOST_BYTES.image, totalMs: 60_000 };
    return (await fetcher(path, fetchFile)(path, wanted, where.signal)).bytes;
  }
  const file = await openInWorkspace(path, where.workspace, MOST_BYTES.image);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A video as an open file, to be closed by the caller. Throws `ToolError` with one sentence. */
export async function videoFile(path: string, where: Where, fetchFile?: FetchFile): Promise<FileHandle> {
  if (!isAddress(path)) return openInWorkspace(path, where.workspace, MOST_BYTES.video);
  const wanted = {
    accept: ['video', 'image', 'binary'] as const,
    maxBytes: MOST_BYTES.fetchedVideo,
    totalMs: 300_000,
  };
  const { bytes } = await fetcher(path, fetchFile)(path, wanted, where.signal);
  return unnamedFile(bytes);
}

function fetcher(url: string, fetchFile: FetchFile | undefined): FetchFile {
  if (fetchFile) return fetchFile;
  throw new ToolError(`${url} cannot be opened: this worker opens no addresses, only files of the working directory.`);
}

/** A file that goes with its descriptor: nothing of it is left when this process dies. */
export async function unnamedFile(bytes: Uint8Array): Promise<FileHandle> {
  const path = join(tmpdir(), `deep-research-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    await file.writeFile(bytes);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens a regular file and proves on the open file that it lies in the workspace, as `readInside` does. */
export async function openInWorkspace(path: string, workspace: string, maxBytes: number): Promise<FileHandle> {
  const place = await resolveInWorkspace(workspace, path);
  // Without waiting, for opening a named pipe waits for a writer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(place, flags).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new ToolError(await notThere(path, workspace));
    throw new ToolError(`${JSON.stringify(path)} cannot be read (${error.code}).`);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ToolError(`${JSON.stringify(path)} is not a file; name one.`);
    const opened = process.platform === 'linux' ? await readlink(`/proc/self/fd/${file.fd}`) : await realpath(place);
    if (!opened.startsWith((await realpath(workspace)) + sep)) {
      throw new ToolError(`${JSON.stringify(path)} lies outside the working directory.`);
    }
    if (stats.size > maxBytes) {
      const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024).toLocaleString('en-US');
      throw new ToolError(
        `${path} has ${megabytes(stats.size)} MB, more than the ${megabytes(maxBytes)} that are read.`,
      );
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function notThere(path: string, workspace: string): Promise<string> {
  const paths: string[] = [];
  for await (const { path: found } of walk(workspace)) {
    paths.push(found);
    if (paths.length >= LOOKED_AT) break;
  }
  const like = closestPaths(path, paths, SUGGESTED);
  const hint = like.length > 0 ? ` Like it: ${like.join(', ')}.` : '';
  return `There is no file ${JSON.stringify(path)} in the working directory.${hint}`;
}
