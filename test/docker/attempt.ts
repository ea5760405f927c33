/** What a worker does for one call, as a process to be killed: `node attempt.ts <state folder> <settings> <command>`. */
import { dockerSandbox } from '../../activities/sandbox/docker/docker-sandbox.ts';

const [stateDir = '', settings = '', command = ''] = process.argv.slice(2);
const sandbox = dockerSandbox({ stateDir, settings: JSON.parse(settings) });
const outcome = await sandbox.run(JSON.parse(command), {
  signal: new AbortController().signal,
  stopMeansKill: () => false,
});
process.stdout.write(JSON.stringify(outcome));
