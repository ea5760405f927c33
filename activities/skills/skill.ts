/** A folder with instructions for a kind of task, and the scripts and texts that they speak of. */
export interface Skill {
  /** The name in its front matter, which is the folder's. */
  name: string;
  /** One line: what it does, and when it is to be used. */
  description: string;
  /** Absolute. */
  folder: string;
  files: SkillFile[];
}

export interface SkillFile {
  /** Below the folder, with slashes. */
  path: string;
  bytes: number;
  executable: boolean;
}

/** Why a folder is no skill that can be given to a session, as the end of a sentence. */
export class SkillProblem extends Error {
  override name = 'SkillProblem';
}

/** The file that says what a skill is. */
export const SKILL_FILE = 'SKILL.md';

/** Where a session finds its skills, below its workspace. */
export const SKILLS_FOLDER = 'skills';

export const skillFile = (name: string): string => `${SKILLS_FOLDER}/${name}/${SKILL_FILE}`;

/** Part of paths, prompts and commands, so no blanks and nothing that a shell would read. */
export const SKILL_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
