import { constants } from 'node:fs';
import { open, readlink, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { ToolError } from '../tools/tool.ts';
import { DEFAULT_MAX_BYTES } from './readable-document.ts';

/**
 * Reads a regular file and proves on the open file that it lies in the folder: whoever swaps a folder of the path for
 * a link between the check and the opening gains nothing.
 *
 * @param root the folder, absolute
 * @param path the file, absolute
 * @param name what error sentences call the file
 * @throws ToolError when the file lies elsewhere, is no regular file, or is larger than `maxBytes`
 */
export async function readInside(
  root: string,
  path: string,
  name: string,
  maxBytes = DEFAULT_MAX_BYTES,
): Promise<{ bytes: Uint8Array; size: number; modified: number; changed: number }> {
  // Without waiting, for opening a named pipe waits for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new ToolError(`${name} is not a file.`);
    const place = process.platform === 'linux' ? await readlink(`/proc/self/fd/${file.fd}`) : await realpath(path);
    const folder = await realpath(root);
    if (!place.startsWith(folder.endsWith(sep) ? folder : folder + sep))
      throw new ToolError(`${name} lies outside the folder.`);
    if (stat.size > maxBytes)
      throw new ToolError(`${name} is too large to be read (${inMegabytes(stat.size, maxBytes)}).`);
    return { bytes: await file.readFile(), size: stat.size, modified: stat.mtimeMs, changed: stat.ctimeMs };
  } finally {
    await file.close();
  }
}

const inMegabytes = (size: number, limit: number): string =>
  `${(size / 1048576).toFixed(1)} MB; the limit is ${(limit / 1048576).toFixed(1)} MB`;
