import { basename } from 'node:path';
import { InvalidInput } from '../client/index.ts';
import type { InputFile } from '../protocol/input.ts';
import { type Blobs, putFile } from '../store/blobs.ts';

/** Puts a file into the store of the worker, where its `prepare` looks for it. */
export async function storeFile(store: Blobs, path: string): Promise<InputFile> {
  try {
    return { name: basename(path), ...(await putFile(store, path)) };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'there is no such file', EISDIR: 'expected a file, found a folder' }[code];
    throw new InvalidInput(`--file ${path}: ${why ?? message}`, { cause: error });
  }
}
