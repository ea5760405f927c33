/** What a worker does for one call, as a process to be killed: `node sandbox-attempt.ts <state folder> <command>`. */
import { subprocessSandbox } from '../../activities/sandbox/subprocess-sandbox.ts';

const [stateDir, command] = process.argv.slice(2);
const outcome = await subprocessSandbox({ stateDir: stateDir! }).run(JSON.parse(command!), {
  signal: new AbortController().signal,
  stopMeansKill: () => false,
});
process.stdout.write(JSON.stringify(outcome));
