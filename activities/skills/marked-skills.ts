import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * A file that marks a folder of skills as one that sessions may name by path, beside those of the worker's
 * configuration. Local mode makes it, as it does for documents. `folder` is a real path.
 */
export const skillsMark = (stateDir: string, folder: string): string =>
  join(stateDir, 'skills', createHash('sha256').update(folder).digest('hex').slice(0, 32));
