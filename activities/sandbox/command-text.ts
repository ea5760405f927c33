import type { ToolCallOutput } from '../../protocol/tool-call.ts';
import type { CommandOutcome } from './sandbox.ts';

/** What the model reads of a command: stdout, then stderr, then what else it should know, each on its own lines. */
export function commandText(outcome: CommandOutcome): ToolCallOutput {
  const stdout = outcome.stdout.trimEnd();
  const stderr = outcome.stderr.trimEnd();
  const ending = endOf(outcome);
  const parts = [
    stdout,
    stderr && `[stderr]\n${stderr}`,
    stdout || stderr || outcome.outcome === 'unknown' ? '' : '(no output)',
    ending && `[${ending}]`,
    ...outcome.notes.map((note) => `[${note}]`),
  ];
  const text = parts.filter((part) => part !== '').join('\n');
  return outcome.outcome === 'finished' ? { text } : { text, failed: true };
}

function endOf(outcome: CommandOutcome): string {
  switch (outcome.outcome) {
    case 'timed-out':
      // The runner's note says it, with the limit that held.
      return '';
    case 'killed':
      return 'The command was stopped before its end. It may have run in part.';
    case 'unknown':
      return (
        'The command was interrupted and its outcome is unknown: it may have run in part, or to its end. ' +
        'It was not repeated. Check the files in the working directory before you run it again.'
      );
    case 'finished':
      if (outcome.signal) return `Ended by signal ${outcome.signal}`;
      return outcome.exitCode ? `Exit code: ${outcome.exitCode}` : '';
  }
}
