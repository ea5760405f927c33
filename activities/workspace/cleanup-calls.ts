import { rm } from 'node:fs/promises';
import { stopCalls } from '../sandbox/stop-call.ts';
import { callsPath } from './workspace.ts';

/**
 * Removes a session's call records at its end and stops what still runs. For a session that is over: its calls could
 * run again after this. Repeating it does no harm.
 */
export async function cleanupCalls(stateDir: string, workspace: string): Promise<void> {
  const calls = callsPath(stateDir, workspace);
  await stopCalls(calls);
  // A command that was stopped this moment may still have had a file to write.
  await rm(calls, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
