import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { nearest } from '../providers/nearest.ts';
import { skillsMark } from './marked-skills.ts';
import { readSkill } from './read-skill.ts';
import { type Skill, SkillProblem } from './skill.ts';

/** Where skills are. */
export interface SkillFolders {
  stateDir: string;
  /** Absolute folders of skills; of two skills with one name the first is taken. */
  skillFolders: readonly string[];
}

/** Names of the skills that are in a folder, damaged ones among them. */
export async function skillNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  return names.sort();
}

/**
 * The skills that a session names, read and checked: by name, by a path whose end is there in a folder of skills (the
 * original's data has paths of another machine), or by an absolute path where local mode has marked the folder.
 * @throws SkillProblem, a whole sentence that names the skill
 */
export async function findSkills(wanted: readonly string[], folders: SkillFolders): Promise<Skill[]> {
  const skills: Skill[] = [];
  for (const given of new Set(wanted)) {
    const folder = await folderOf(given, folders);
    try {
      skills.push(await readSkill(folder));
    } catch (error) {
      const why = error instanceof SkillProblem ? error.message : `it cannot be read (${(error as Error).message})`;
      throw new SkillProblem(`skills: ${JSON.stringify(basename(given))} cannot be used: ${why}`);
    }
  }
  const twice = skills.find(({ name }, index) => skills.findIndex((other) => other.name === name) < index);
  if (twice) throw new SkillProblem(`skills: two of them are called ${JSON.stringify(twice.name)}`);
  return skills;
}

async function folderOf(given: string, folders: SkillFolders): Promise<string> {
  if (!/[\\/]/.test(given)) return byName(given, folders);
  if (isAbsolute(given)) return atPath(given, folders);
  return (await byEnd(given, folders)) ?? byName(given, folders);
}

/** The folder at the longest end of a path that a folder of skills has; none outside of these. */
async function byEnd(path: string, { skillFolders }: SkillFolders): Promise<string | undefined> {
  const parts = path.split(/[\\/]+/).filter((part) => part !== '' && part !== '.');
  if (parts.at(-1) === 'SKILL.md') parts.pop();
  if (parts.includes('..')) return undefined;
  for (let first = 0; first < parts.length; first += 1) {
    for (const folder of skillFolders) {
      const candidate = join(folder, ...parts.slice(first));
      if (!existsSync(join(candidate, 'SKILL.md'))) continue;
      if ((await realpath(candidate)).startsWith(`${await realpath(folder)}${sep}`)) return candidate;
    }
  }
  return undefined;
}

async function byName(name: string, { skillFolders }: SkillFolders): Promise<string> {
  const known: string[] = [];
  for (const folder of skillFolders) {
    const names = await skillNames(folder);
    if (names.includes(name)) return join(folder, name);
    known.push(...names);
  }
  if (known.length === 0) {
    throw new SkillProblem(
      `skills: there is no skill ${JSON.stringify(name)}: this worker has no skills (DEEP_RESEARCH_SKILLS_DIR)`,
    );
  }
  const shown = known.length > 20 ? [...known.slice(0, 20), `${known.length - 20} more`] : known;
  throw new SkillProblem(
    `skills: there is no skill ${JSON.stringify(name)}; did you mean ${nearest(name, known)}? This worker has ${shown.join(', ')}`,
  );
}

async function atPath(path: string, { stateDir, skillFolders }: SkillFolders): Promise<string> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  const marked = await readFile(skillsMark(stateDir, parent), 'utf8').catch(() => undefined);
  if (marked !== undefined || skillFolders.includes(parent)) return join(parent, basename(path));
  throw new SkillProblem(
    `skills: this worker does not serve the folder ${parent}; it serves ${skillFolders.join(', ') || 'none'} (DEEP_RESEARCH_SKILLS_DIR)`,
  );
}
