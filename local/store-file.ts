import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { storedFile } from '../activities/session/stage-files.ts';
import { InvalidInput } from '../client/index.ts';
import type { InputFile } from '../protocol/input.ts';

/** Stores a file under its hash, where the worker's `prepare` looks for it. */
export async function storeFile(stateDir: string, path: string): Promise<InputFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = { ENOENT: 'there is no such file', EISDIR: 'expected a file, found a folder' }[error.code ?? ''];
    throw new InvalidInput(`--file ${path}: ${why ?? error.message}`, { cause: error });
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const target = storedFile(stateDir, sha256);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(`${target}.${process.pid}`, bytes);
  await rename(`${target}.${process.pid}`, target);
  return { name: basename(path), sha256, bytes: bytes.length };
}
