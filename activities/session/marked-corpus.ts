import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * A file that marks a folder of documents as one that sessions may name, beside those of the worker's configuration.
 * Local mode makes it: workers that run already serve a later command's folder as well. `folder` is a real path.
 */
export const corpusMark = (stateDir: string, folder: string): string =>
  join(stateDir, 'corpora', createHash('sha256').update(folder).digest('hex').slice(0, 32));
