import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readInside } from '../documents/read-inside.ts';
import { readFrontMatter } from './front-matter.ts';
import { SKILL_FILE, type Skill, type SkillFile, SkillProblem } from './skill.ts';

/** Limits of one skill. */
const MOST = { files: 1_000, depth: 12, bytes: 64 * 1024 * 1024, skillFile: 256 * 1024 };

/** Made by programs beside the files, and of no use to a session. What begins with a full stop is left out as well. */
const LEFT_OUT = new Set(['__pycache__', 'node_modules']);

/**
 * Reads and checks the folder of a skill.
 * @throws SkillProblem that says why it cannot be used; nothing of what its files say is in it but its name
 */
export async function readSkill(folder: string): Promise<Skill> {
  const stats = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new SkillProblem(error.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${error.code})`);
  });
  if (!stats.isDirectory()) throw new SkillProblem('it is not a folder');
  const files = await filesOf(folder);
  const main = files.find(({ path }) => path === SKILL_FILE);
  if (!main) throw new SkillProblem(`it has no ${SKILL_FILE}`);
  if (main.bytes > MOST.skillFile) {
    throw new SkillProblem(`its ${SKILL_FILE} has ${kilobytes(main.bytes)}, more than ${kilobytes(MOST.skillFile)}`);
  }
  const { bytes } = await readInside(folder, join(folder, SKILL_FILE), SKILL_FILE, MOST.skillFile);
  const { name, description } = readFrontMatter(textOf(bytes));
  if (name !== basename(folder)) {
    throw new SkillProblem(`the name in its ${SKILL_FILE} is ${JSON.stringify(name)}, not that of the folder`);
  }
  return { name, description, folder, files };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SkillProblem(`its ${SKILL_FILE} is not text in UTF-8`);
  }
}

async function filesOf(root: string): Promise<SkillFile[]> {
  const files: SkillFile[] = [];
  let bytes = 0;
  let entries = 0;

  async function walk(folder: string, below: string, depth: number): Promise<void> {
    if (depth > MOST.depth) throw new SkillProblem(`it has folders more than ${MOST.depth} deep`);
    const names = await readdir(folder, { withFileTypes: true });
    for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || LEFT_OUT.has(entry.name)) continue;
      const path = below ? `${below}/${entry.name}` : entry.name;
      entries += 1;
      if (entries > MOST.files) throw new SkillProblem(`it has more than ${MOST.files} files`);
      refuseName(entry.name, path);
      const place = join(folder, entry.name);
      const stats = await lstat(place);
      if (stats.isDirectory()) {
        await walk(place, path, depth + 1);
        continue;
      }
      if (!stats.isFile()) {
        const what = stats.isSymbolicLink() ? 'a symbolic link' : 'a device, pipe or socket';
        throw new SkillProblem(`${shown(path)} in it is ${what}`);
      }
      bytes += stats.size;
      if (bytes > MOST.bytes) throw new SkillProblem(`it has more than ${MOST.bytes / 1024 / 1024} MB`);
      files.push({ path, bytes: stats.size, executable: (stats.mode & 0o111) !== 0 });
    }
  }

  await walk(root, '', 1);
  return files;
}

/** A name that is not Unicode is read with replacement characters, and would not be found again. */
function refuseName(name: string, path: string): void {
  if (/[\p{Cc}\u2028-\u202e\u2066-\u2069\ufffd\\]/u.test(name)) {
    throw new SkillProblem(`the name ${shown(path)} in it has characters that no name should have`);
  }
}

const shown = (text: string): string =>
  JSON.stringify(text.length > 120 ? `${text.slice(0, 120).toWellFormed()}…` : text);

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024).toLocaleString('en-US')} KB`;
