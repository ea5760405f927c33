import { mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { corpusMark } from '../activities/session/marked-corpus.ts';
import { inputOf } from '../client/cli/ask-options.ts';
import { InvalidInput } from '../client/index.ts';
import { parseResearchInput, type ResearchInput, WEB_ADDRESS } from '../protocol/input.ts';
import type { Blobs } from '../store/blobs.ts';
import type { LocalOptions } from './program.ts';
import { chosenSkills, markSkills } from './skill-options.ts';
import { storeFile } from './store-file.ts';

/**
 * The workflow's input of a question asked here: paths are this machine's. Everything is checked before anything is
 * started; the files are stored where the worker finds them.
 * @throws InvalidInput naming the option
 */
export async function requestOf(
  question: string,
  options: LocalOptions,
  { stateDir, cwd, store }: { stateDir: string; cwd: string; store: Blobs },
): Promise<ResearchInput> {
  const corpus = options.corpus === undefined ? undefined : corpusFolder(options.corpus, cwd);
  const skills = await chosenSkills(options, cwd);
  const input = inputOf(question, { ...options, file: undefined, corpus, skill: skills.names });
  const parsed = parseResearchInput(input);
  if ('error' in parsed) throw new InvalidInput(parsed.error);
  if (corpus !== undefined) markCorpus(stateDir, corpus);
  markSkills(stateDir, skills.folders);
  const files = await Promise.all(
    (options.file ?? []).map((file) => (WEB_ADDRESS.test(file) ? file : storeFile(store, resolve(cwd, file)))),
  );
  return { ...input, ...(files.length ? { files: [...files, ...(input.files ?? [])] } : {}) };
}

/** The real path of a folder of documents. */
export function corpusFolder(path: string, cwd: string): string {
  try {
    const folder = realpathSync(resolve(cwd, path));
    if (statSync(folder).isDirectory()) return folder;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such folder' : String(error);
    throw new InvalidInput(`--corpus ${path}: ${why}`);
  }
  throw new InvalidInput(`--corpus ${path}: expected a folder of documents, found a file`);
}

function markCorpus(stateDir: string, folder: string): void {
  const mark = corpusMark(stateDir, folder);
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, `${folder}\n`);
}
