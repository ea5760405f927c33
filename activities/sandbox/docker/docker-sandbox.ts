import { mkdirSync } from 'node:fs';
import { nameOfWorkspace } from '../../workspace/workspace.ts';
import { DEFAULT_LIMITS, type Sandbox } from '../sandbox.ts';
import { openContainers } from './containers.ts';
import { isUnreachable, openDocker } from './engine.ts';
import { boxesPath, callPaths, removeWritten } from './folders.ts';
import { followCall } from './follow-call.ts';
import { inspectImage } from './inspect-image.ts';
import type { DockerSettings } from './settings.ts';

/** Warnings about what does not hold here. Throws a sentence where containers cannot be made. */
export const checkDocker = async (stateDir: string, settings: DockerSettings): Promise<string[]> =>
  (await inspectImage(openDocker(), settings, stateDir)).warnings;

/**
 * Runs commands in a container for each workspace, made on first use. A small runner in the container records what
 * becomes of a command, so that worker, Docker's daemon and the connection to it may go and come back meanwhile.
 */
export function dockerSandbox(options: { stateDir: string; settings: DockerSettings }): Sandbox {
  const { stateDir, settings } = options;
  const docker = openDocker();
  const containers = openContainers(docker, stateDir, settings);
  return {
    supports: async (language) => (await inspectImage(docker, settings, stateDir)).languages.includes(language),
    run(command, context) {
      const { callId, workspace, language, stdin, owner } = command;
      const paths = callPaths(stateDir, command);
      mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
      const limits = { ...DEFAULT_LIMITS, ...command.limits };
      const interpreter = language === 'python' ? 'python3' : 'bash';
      const request = { callId, workspace, language, stdin, limits, interpreter };
      const place = { name: nameOfWorkspace(stateDir, workspace), folder: workspace, owner };
      return followCall({ docker, containers, settings, paths, request, script: command.script, place }, context);
    },
    async end(workspace) {
      const name = nameOfWorkspace(stateDir, workspace);
      try {
        await containers.remove(name);
      } catch (error) {
        // The janitor comes back for it; a session need not wait at its end until Docker is there.
        if (isUnreachable(error)) return;
        throw error;
      }
      await removeWritten(boxesPath(stateDir, name));
    },
  };
}
