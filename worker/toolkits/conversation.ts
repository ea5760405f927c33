import { mkdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { workspaceName, workspacePath } from '../../activities/workspace/workspace.ts';

/** Where the files of conversations are. */
export interface ConversationFolders {
  stateDir: string;
  /** Folder that holds one for each `conversation_id`; the original's harness puts attachments there. */
  filesDir: string;
  /** The same folder as the harness names it in paths (`LITERATURE_SEED_DATA_DIR`). */
  seenAs: string;
}

/** Of calls without a `conversation_id`, which older versions of the harness send. */
const NONE = 'no-conversation';

const PART = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+=, -]{0,127}$/u;

/** The id as a path below the files' folder. @throws Error for an id that could name another folder */
export function conversationPath(id: unknown): string {
  if (id === undefined || id === null || id === '') return NONE;
  const parts = typeof id === 'string' ? id.split('/') : [];
  if (parts.length === 0 || parts.length > 4 || !parts.every((part) => PART.test(part))) {
    throw new Error(
      `conversation_id: expected names of letters, digits, "_", "-" and "." parted by "/", got ${JSON.stringify(id)}`,
    );
  }
  return parts.join('/');
}

/** Makes the conversation's folder a workspace of the sandbox; gives its path there. */
export async function workspaceOf(path: string, { stateDir, filesDir }: ConversationFolders): Promise<string> {
  const folder = resolve(filesDir, path);
  await mkdir(folder, { recursive: true });
  const workspace = workspacePath(stateDir, workspaceName(path));
  await mkdir(dirname(workspace), { recursive: true, mode: 0o700 });
  await symlink(folder, workspace, 'dir').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return workspace;
}

/** A path as the harness sends it, relative to the conversation's folder; others stay as they are. */
export function relativeTo(path: string, given: string, { filesDir, seenAs }: ConversationFolders): string {
  const prefixes = [join(seenAs, path), resolve(filesDir, path)];
  const prefix = prefixes.find((start) => given.startsWith(`${start}/`) && basename(given) !== '');
  return prefix === undefined ? given : given.slice(prefix.length + 1);
}
