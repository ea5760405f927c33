import { inThread } from '../ranking/thread.ts';
import { ToolError } from './tool.ts';
import type { Opener } from './visit.ts';

/** Opens documents of the session's folder. @param stateDir folder for the index */
export function openDocument(stateDir: string): Opener {
  return async (url, goal, { corpus: folder, signal }) => {
    if (folder === undefined) throw new ToolError(`${url} cannot be opened: this session has no folder of documents.`);
    return inThread('open', { folder, stateDir, url, goal }, signal);
  };
}
