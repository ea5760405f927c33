import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readInside } from '../documents/read-inside.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import { findSkills, type SkillFolders } from './find-skills.ts';
import { SKILLS_FOLDER, type Skill, SkillProblem } from './skill.ts';

/**
 * Copies the skills of a session into its workspace. Repeating it gives the same files.
 * @throws SkillProblem, a whole sentence that names the skill
 */
export async function stageSkills(
  wanted: readonly string[],
  workspace: string,
  folders: SkillFolders,
): Promise<Skill[]> {
  if (wanted.length === 0) return [];
  const skills = await findSkills(wanted, folders);
  for (const skill of skills) {
    const target = await resolveInWorkspace(workspace, `${SKILLS_FOLDER}/${skill.name}`);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    for (const file of skill.files) await copy(skill, file, target);
  }
  return skills;
}

/** A file that has grown or become a link since it was looked at is refused. */
async function copy(skill: Skill, { path, bytes, executable }: Skill['files'][number], target: string): Promise<void> {
  const place = join(target, path);
  try {
    const read = await readInside(skill.folder, join(skill.folder, path), path, bytes);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, read.bytes);
    if (executable) await chmod(place, 0o755);
  } catch (error) {
    const why = (error as Error).message.replace(/\.$/, '');
    throw new SkillProblem(`skills: ${JSON.stringify(skill.name)} cannot be used: ${why}`);
  }
}
