import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { commandText } from '../../activities/sandbox/command-text.ts';
import { runScript } from '../../activities/sandbox/run-script.ts';
import type { CommandOutcome, RunContext, Sandbox, SandboxCommand } from '../../activities/sandbox/sandbox.ts';
import { stopMeansKill } from '../../activities/sandbox/stop-reason.ts';

const FINISHED: CommandOutcome = {
  outcome: 'finished',
  exitCode: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
  notes: [],
};

describe('the text of a command', () => {
  it.each<[string, Partial<CommandOutcome>, string]>([
    ['nothing', {}, '(no output)'],
    ['blank lines', { stdout: '\n\n' }, '(no output)'],
    ['indentation', { stdout: '  a\n    b\n\n' }, '  a\n    b'],
    ['both streams', { stdout: 'a\n', stderr: 'b\n' }, 'a\n[stderr]\nb'],
    ['an exit code', { exitCode: 2, stderr: 'b' }, '[stderr]\nb\n[Exit code: 2]'],
    ['a signal', { exitCode: null, signal: 'SIGSEGV' }, '(no output)\n[Ended by signal SIGSEGV]'],
    ['notes', { stdout: 'a', notes: ['One.', 'Two.'] }, 'a\n[One.]\n[Two.]'],
  ])('shows %s', (_, outcome, text) => {
    expect(commandText({ ...FINISHED, ...outcome })).toEqual({ text });
  });

  it.each(['timed-out', 'killed', 'unknown'] as const)('is a failure when the command %s', (outcome) => {
    expect(commandText({ ...FINISHED, outcome, exitCode: null, notes: ['Why.'] })).toMatchObject({ failed: true });
  });

  it('tells the model to look before it repeats', () => {
    const { text } = commandText({ ...FINISHED, outcome: 'unknown', exitCode: null });
    expect(text).toMatch(/may have run in part/);
    expect(text).toMatch(/Check the files/);
  });
});

describe('the reason of an abort', () => {
  it.each([
    [new CancelledFailure('CANCELLED'), true],
    [new CancelledFailure('WORKER_SHUTDOWN'), false],
    [new CancelledFailure('TIMED_OUT'), false],
    [new CancelledFailure('NOT_FOUND'), false],
    [new CancelledFailure('PAUSED'), false],
    [new CancelledFailure('RESET'), false],
    [new Error('CANCELLED'), false],
    [undefined, false],
  ])('%s', (reason, kill) => expect(stopMeansKill(reason)).toBe(kill));
});

describe('a code tool', () => {
  const seen: { command: SandboxCommand; context: RunContext }[] = [];
  const giving = (outcome: CommandOutcome): Sandbox => ({
    supports: async () => true,
    run: async (command, context) => {
      seen.push({ command, context });
      return outcome;
    },
  });
  const reason = new CancelledFailure('CANCELLED');
  const context = { callId: 'r1c1', recorded: unrecorded, workspace: '/w', signal: AbortSignal.abort(reason) };

  it('passes on the call, and whether a stop means kill', async () => {
    const own = () => true;
    await runScript(giving(FINISHED), 'bash', 'ls', context, { limits: { wallSeconds: 5 }, stopMeansKill: own });
    expect(seen.at(-1)!.command).toEqual({
      callId: 'r1c1',
      workspace: '/w',
      language: 'bash',
      script: 'ls',
      limits: { wallSeconds: 5 },
    });
    expect(seen.at(-1)!.context).toEqual({ signal: context.signal, stopMeansKill: own });
  });

  it('ends as cancelled when the cancel stopped the command, not when the command was faster', async () => {
    await expect(runScript(giving({ ...FINISHED, outcome: 'killed' }), 'bash', '', context, {})).rejects.toBe(reason);
    expect(await runScript(giving(FINISHED), 'bash', '', context, {})).toEqual({ text: '(no output)' });
  });
});
