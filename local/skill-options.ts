import { mkdirSync, writeFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { skillNames } from '../activities/skills/find-skills.ts';
import { skillsMark } from '../activities/skills/marked-skills.ts';
import { readSkill } from '../activities/skills/read-skill.ts';
import { SkillProblem } from '../activities/skills/skill.ts';
import { InvalidInput } from '../client/index.ts';
import type { LocalOptions } from './program.ts';

export interface ChosenSkills {
  /** As a session names them: those of a folder given here by their path, others by their name. */
  names: string[] | undefined;
  /** Real paths of the folders given here. */
  folders: string[];
}

/** The skills that the options mean, checked before anything is started. @throws InvalidInput naming the option */
export async function chosenSkills({ skills = [], skill }: LocalOptions, cwd: string): Promise<ChosenSkills> {
  const folders = await Promise.all(skills.map((path) => realFolder(path, cwd)));
  const there = (await Promise.all(folders.map(pathsIn))).flat();
  // What is not in the folders given here may be in those of the worker's configuration.
  const wanted = skill ? skill.map((name) => there.find((path) => basename(path) === name) ?? name) : there;
  for (const path of wanted.filter((one) => there.includes(one))) await check(path);
  return { names: wanted.length > 0 ? wanted : skill, folders };
}

/** Workers that run already serve the folders as well. */
export function markSkills(stateDir: string, folders: readonly string[]): void {
  for (const folder of folders) {
    const mark = skillsMark(stateDir, folder);
    mkdirSync(dirname(mark), { recursive: true });
    writeFileSync(mark, `${folder}\n`);
  }
}

async function realFolder(path: string, cwd: string): Promise<string> {
  try {
    return await realpath(resolve(cwd, path));
  } catch {
    throw new InvalidInput(`--skills ${path}: there is no such folder`);
  }
}

async function pathsIn(folder: string): Promise<string[]> {
  const names = await skillNames(folder);
  if (names.length > 0) return names.map((name) => join(folder, name));
  throw new InvalidInput(`--skills ${folder}: expected a folder with a folder for each skill, found none`);
}

async function check(path: string): Promise<void> {
  try {
    await readSkill(path);
  } catch (error) {
    if (!(error instanceof SkillProblem)) throw error;
    throw new InvalidInput(`--skills: "${basename(path)}" cannot be used: ${error.message}`);
  }
}
