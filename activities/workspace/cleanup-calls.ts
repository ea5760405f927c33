import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { filesOf } from '../sandbox/call-record.ts';
import { abandonCall } from '../sandbox/stop-call.ts';
import { callsPath } from './workspace.ts';

/**
 * Removes a session's call records at its end and stops what still runs. For a session that is over: its calls could
 * run again after this. Repeating it does no harm.
 */
export async function cleanupCalls(stateDir: string, workspace: string): Promise<void> {
  const calls = callsPath(stateDir, workspace);
  const folders = await readdir(calls, { withFileTypes: true }).catch(() => []);
  for (const entry of folders) {
    // The script's name does not matter here.
    if (entry.isDirectory()) await abandonCall(filesOf(join(calls, entry.name), { callId: '-', language: 'bash' }));
  }
  // A command that was stopped this moment may still have had a file to write.
  await rm(calls, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
