import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep, win32 } from 'node:path';
import { ToolError } from '../tools/tool.ts';

/** Limits of Linux and macOS file systems, in bytes: one name, and a whole path. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4095;

/**
 * The absolute path of a file or folder that the model named, proved to lie in the workspace. It need not exist yet.
 *
 * Symbolic links are followed and may lead anywhere inside; the result has none left below `workspaceDir`, so opening
 * it follows nothing that was not checked. A hard link cannot be told from a file and is not refused.
 * Throws `ToolError` with a sentence that names the path for everything else: absolute paths, `..`, NUL, names that
 * are too long or not valid Unicode, links that lead out or nowhere, pipes, sockets and devices.
 */
export async function resolveInWorkspace(workspaceDir: string, path: string): Promise<string> {
  const segments = checkedSegments(workspaceDir, path);
  const root = await realpath(workspaceDir);
  let place = root;
  for (const [index, segment] of segments.entries()) {
    const next = join(place, segment);
    const stats = await lstat(next).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw refusal(path, `cannot be reached (${error.code})`);
    });
    // Nothing below a missing name can be a link.
    if (!stats) return join(workspaceDir, relative(root, place), ...segments.slice(index));
    place = stats.isSymbolicLink() ? await followed(next, path) : next;
    if (!isInside(root, place)) throw refusal(path, 'is a link that leads out of the workspace');
    const target = stats.isSymbolicLink() ? await lstat(place) : stats;
    if (!target.isDirectory() && !target.isFile()) throw refusal(path, 'is neither a file nor a folder');
    if (index < segments.length - 1 && !target.isDirectory()) {
      throw refusal(path, `goes through ${JSON.stringify(segment)}, which is not a folder`);
    }
  }
  return join(workspaceDir, relative(root, place));
}

function checkedSegments(workspaceDir: string, path: string): string[] {
  if (path === '') throw new ToolError('The path is empty; name a file relative to the working directory.');
  if (path.includes('\0')) throw refusal(path, 'contains a NUL character');
  if (!path.isWellFormed()) throw refusal(path, 'is not valid Unicode');
  if (isAbsolute(path) || win32.isAbsolute(path) || /^[a-z]:/i.test(path)) {
    throw refusal(path, 'is absolute; paths are relative to the working directory');
  }
  // Backslashes too: a name with them is a path for whatever later unpacks or copies it elsewhere.
  if (path.split(/[/\\]/).includes('..')) throw refusal(path, 'contains ".."');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const tooLong =
    segments.some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES) ||
    Buffer.byteLength(join(workspaceDir, path)) > MAX_PATH_BYTES;
  if (tooLong) throw refusal(path, 'is too long');
  return segments;
}

async function followed(link: string, path: string): Promise<string> {
  try {
    return await realpath(link);
  } catch {
    // Creating a file through a dangling link would create it wherever the link points.
    throw refusal(path, 'is a link that leads nowhere');
  }
}

function isInside(root: string, place: string): boolean {
  return place === root || place.startsWith(root.endsWith(sep) ? root : root + sep);
}

function refusal(path: string, why: string): ToolError {
  const shown = path.length > 120 ? `${path.slice(0, 120).toWellFormed()}…` : path;
  return new ToolError(`The path ${JSON.stringify(shown)} ${why}.`);
}
