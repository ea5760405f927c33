import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerInfo } from 'dockerode';
import { expect } from 'vitest';
import { eventuallyEmpty, leftOfSessions, pathsBelow } from '../support/left-of-sessions.ts';
import type { Stage } from './stage.ts';

/** How files are named while they are written. */
const isUnfinished = (path: string) => /[0-9a-f]{8}-[0-9a-f-]{27}$/.test(path);

/** What a killed daemon has half made, the janitor finds; it looks every five minutes. */
const JANITOR_MS = 330_000;

/** More than a worker has open that does nothing. */
const MOST_OPEN_FILES = 150;

/** After the last session: no container, file, process, activity or temporary file is left. Stops the workers. */
export async function nothingLeft({ client, plain, contained, docker, herd, folder }: Stage): Promise<void> {
  const left = () => [plain, contained].flatMap(({ stateDir }) => leftOfSessions(stateDir));
  await eventuallyEmpty('the files of sessions are gone', left, 60_000);
  const containers = async () => (await docker.docker.listContainers({ all: true })).map(describe);
  await eventuallyEmpty('the containers are gone', containers, JANITOR_MS);
  for (const { taskQueue } of [plain, contained]) {
    const open = client.workflow.list({ query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'` });
    for await (const { workflowId } of open) throw new Error(`${workflowId} is still open.`);
  }
  for (const files of herd.openFiles()) {
    expect(files.filter((path) => /\/(workspaces|calls|owners)\//.test(path))).toEqual([]);
    expect(files.length).toBeLessThan(MOST_OPEN_FILES);
  }
  expect(processesNaming([plain.stateDir, contained.stateDir])).toEqual([]);
  await herd.close();
  expect(herd.exitCodes.filter((code) => code !== 0)).toEqual([]);
  // What was being written at a SIGKILL is swept after a day.
  const unfinished = [plain, contained].flatMap(({ stateDir }) => pathsBelow(stateDir).filter(isUnfinished));
  console.log(`Files that a killed worker had begun: ${unfinished.length}`);
  expect(unfinished.filter((path) => !/\/(store|scratch)\//.test(path))).toEqual([]);
  for (const name of readdirSync(folder).filter((each) => each.startsWith('worker-'))) {
    expect(readdirSync(join(folder, name, 'tmp'))).toEqual([]);
  }
}

/** All that tells whose a container is and what became of it. */
const describe = ({ Names, Status, Created, Labels }: ContainerInfo): string =>
  `${Names.join(' ')}, ${Status}, of ${new Date(Created * 1000).toISOString()}, ${JSON.stringify(Labels)}`;

/** Runners and commands: their arguments name the folder. */
function processesNaming(folders: string[]): string[] {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
  return commands.filter((command) => folders.some((folder) => command.includes(folder)));
}
