import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from '../../activities/sandbox/call-record.ts';
import { hasVariable, processIdentity, processTable } from '../../activities/sandbox/process-table.ts';
import type { CommandOutcome, Language, SandboxLimits } from '../../activities/sandbox/sandbox.ts';
import { stopMeansKill } from '../../activities/sandbox/stop-reason.ts';
import { subprocessSandbox } from '../../activities/sandbox/subprocess-sandbox.ts';
import { cleanupCalls } from '../../activities/workspace/cleanup-calls.ts';
import { ensureWorkspace } from '../../activities/workspace/workspace.ts';

/** A state folder with one workspace, and the sandbox over it. */
export async function setUp(limits: Partial<SandboxLimits> = {}, folder = tmpdir()) {
  const stateDir = mkdtempSync(join(folder, 'sandbox-'));
  const workspace = await ensureWorkspace(stateDir, 'session');
  const sandbox = subprocessSandbox({ stateDir, limits });
  const file = (name: string) => join(workspace, name);

  return {
    stateDir,
    workspace,
    sandbox,
    run(callId: string, script: string, options: { signal?: AbortSignal; language?: Language; stdin?: string } = {}) {
      const { signal = new AbortController().signal, language = 'bash', stdin } = options;
      return sandbox.run({ callId, workspace, language, script, stdin }, { signal, stopMeansKill });
    },
    exists: (name: string) => existsSync(file(name)),
    lines: (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : []),
    callFolder: (callId: string) => callFolderOf(stateDir, callId),
    claim: (callId: string) => recordOf<Claim>(stateDir, callId, 'claim.json'),
    result: (callId: string) => recordOf<CommandOutcome>(stateDir, callId, 'result.json'),
    /** Processes of the call that still run. */
    alive(callId: string) {
      const token = this.claim(callId)?.token;
      if (!token) throw new Error(`The call ${callId} was never claimed.`);
      return [...processTable()].filter((row) => hasVariable(row.pid, `SANDBOX_CALL=${token}`));
    },
    async tearDown() {
      await cleanupCalls(stateDir, 'session');
      rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let looks = 0; looks < 1800; looks++) {
    if (holds()) return;
    await sleep(50);
  }
  throw new Error(`Waited in vain until ${what}.`);
}

export const isGone = (pid: number): boolean => processIdentity(pid) === undefined;

function callFolderOf(stateDir: string, callId: string): string | undefined {
  const calls = join(stateDir, 'calls', 'session');
  const name = existsSync(calls) && readdirSync(calls).find((entry) => entry.startsWith(`${callId}-`));
  return name ? join(calls, name) : undefined;
}

function recordOf<T>(stateDir: string, callId: string, name: string): T | undefined {
  const path = join(callFolderOf(stateDir, callId) ?? '/nowhere', name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}
