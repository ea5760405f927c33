import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DeepResearchError } from '../errors.ts';

/** What a replay came to. */
export interface ReplayVerdict {
  replays: boolean;
  /** Where it does not: the first difference. */
  message?: string;
}

/** The worker's program: a client has none of its code. */
const PROGRAM = fileURLToPath(new URL(`../../worker/replay/main${extname(import.meta.url)}`, import.meta.url));

/** Replays a history (as JSON) against this version's workflow code, in a process of its own. */
export async function checkReplay(history: string, signal?: AbortSignal): Promise<ReplayVerdict> {
  const [verdict] = await checkReplays([history], signal);
  return verdict as ReplayVerdict;
}

/** The same for many, in one process; the verdicts are in their order. */
export async function checkReplays(histories: readonly string[], signal?: AbortSignal): Promise<ReplayVerdict[]> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  const exit = once(child, 'exit');
  // A child that is gone before it has read all says so by its exit code.
  child.stdin.on('error', () => {});
  for (const history of histories) child.stdin.write(`${JSON.stringify(JSON.parse(history))}\n`);
  child.stdin.end();
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (code !== 0)
    throw new DeepResearchError(`The history cannot be replayed: ${err.trim().split('\n')[0] || `code ${code}`}`);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
