import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../protocol/names.ts';
import type { SkillFolders } from '../skills/find-skills.ts';
import { type Skill, SkillProblem } from '../skills/skill.ts';
import { stageSkills } from '../skills/stage-skills.ts';

/** Copies a session's skills into its workspace. Throws `InvalidInput` naming the skill. */
export async function sessionSkills(wanted: string[], workspace: string, folders: SkillFolders): Promise<Skill[]> {
  try {
    return await stageSkills(wanted, workspace, folders);
  } catch (error) {
    if (!(error instanceof SkillProblem)) throw error;
    throw ApplicationFailure.nonRetryable(`Invalid input: ${error.message}.`, FAILURE.invalidInput);
  }
}
