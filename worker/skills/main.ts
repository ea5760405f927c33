import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { skillNames } from '../../activities/skills/find-skills.ts';
import { readSkill } from '../../activities/skills/read-skill.ts';
import { SkillProblem } from '../../activities/skills/skill.ts';
import { readConfiguration } from '../configuration/index.ts';

const HELP = `deep-research skills [FOLDER]… [--json]

Lists the skills in folders of this machine (default: DEEP_RESEARCH_SKILLS_DIR), and what is wrong with those that
cannot be used; the exit code is 1 if there are any.`;

interface Looked {
  name: string;
  folder: string;
  description?: string;
  files?: number;
  bytes?: number;
  problem?: string;
}

try {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) console.log(HELP);
  else await list(positionals, values.json === true);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function list(given: string[], json: boolean): Promise<void> {
  const folders = given.length > 0 ? given.map((path) => resolve(path)) : configured();
  const looked: Looked[] = [];
  for (const folder of folders) {
    const names = await skillNames(folder);
    if (names.length === 0) console.error(`${folder}: there is no folder of skills, or none in it.`);
    for (const name of names) looked.push(await look(name, join(folder, name)));
  }
  if (json) console.log(JSON.stringify(looked, null, 2));
  else for (const skill of looked) console.log(lineOf(skill));
  if (looked.length === 0 || looked.some(({ problem }) => problem)) process.exitCode = 1;
}

function configured(): string[] {
  const { skillFolders } = readConfiguration(process.env, { needsModel: false });
  if (skillFolders.length === 0) throw new Error('Name a folder of skills, or set DEEP_RESEARCH_SKILLS_DIR.');
  return skillFolders;
}

async function look(name: string, folder: string): Promise<Looked> {
  try {
    const { description, files } = await readSkill(folder);
    return { name, folder, description, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    if (!(error instanceof SkillProblem)) throw error;
    return { name, folder, problem: error.message };
  }
}

/** A damaged skill's name is whatever its folder is called. */
function lineOf({ name, description, problem }: Looked): string {
  return problem ? `✗ ${JSON.stringify(name).slice(1, -1)}: ${problem}.` : `✓ ${name}: ${description}`;
}
