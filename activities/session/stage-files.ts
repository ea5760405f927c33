import { copyFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { InputFile } from '../../protocol/input.ts';
import { FAILURE } from '../../protocol/names.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';

/** Where files stored under their hash lie; local mode puts them there. */
export const storedFile = (stateDir: string, sha256: string): string => join(stateDir, 'files', sha256);

/** Copies a session's files into its workspace and gives their names there. Throws `InvalidInput` naming the file. */
export async function stageFiles(
  files: InputFile[],
  workspace: string,
  { stateDir, filesDir }: { stateDir: string; filesDir?: string },
): Promise<string[]> {
  const names: string[] = [];
  for (const file of files) {
    const name = basename(typeof file === 'string' ? file : file.name);
    try {
      const from = typeof file === 'string' ? await below(filesDir, file) : storedFile(stateDir, file.sha256);
      if (!(await stat(from)).isFile()) throw new Error('it is no file');
      await copyFile(from, await resolveInWorkspace(workspace, name));
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
      throw ApplicationFailure.nonRetryable(
        `Invalid input: files: "${name}" cannot be used: ${why}.`,
        FAILURE.invalidInput,
      );
    }
    names.push(name);
  }
  return names;
}

async function below(filesDir: string | undefined, path: string): Promise<string> {
  if (!filesDir) throw new Error('this worker has no folder of input files (DEEP_RESEARCH_FILES_DIR)');
  return resolveInWorkspace(await realpath(filesDir), path);
}
