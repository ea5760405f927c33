import { checkDocker } from '../../activities/sandbox/docker/docker-sandbox.ts';
import type { Configuration } from '../configuration/index.ts';

/** Throws a sentence where containers are asked for and cannot be made. */
export async function checkSandbox(
  { docker, roles, stateDir }: Configuration,
  warn: (problem: string) => void,
): Promise<void> {
  if (!docker || (roles && !roles.includes('sandbox'))) return;
  for (const warning of await checkDocker(stateDir, docker)) warn(warning);
}
