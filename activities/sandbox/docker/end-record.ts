import { constants } from 'node:os';
import type { CallRequest } from '../call-record.ts';
import type { CommandOutcome } from '../sandbox.ts';
import type { Box } from './box.ts';
import { type DockerSettings, MOST_FILES } from './settings.ts';

/** What a runner has recorded at the end of its command. */
export interface EndRecord {
  cause: string;
  /** Of the command's first process, as a shell gives it: 128 and the signal's number for one that was ended by it. */
  status: number;
  background: number;
  /** Processes that could not be ended. */
  left: number;
  /** Times that memory ran out. */
  oom: number;
  written: Record<'stdout' | 'stderr', { bytes: number; cut: boolean }>;
  /** Outputs that are in the workspace as a whole. */
  kept: string[];
}

/** Undefined while there is none, or not all of it yet. The command can write one of its own: it is read as such. */
export function readEnd(box: Box): EndRecord | undefined {
  const lines = box.read('end')?.split('\n') ?? [];
  if (!lines.includes('.')) return undefined;
  const fields = new Map(lines.map((line) => line.split(' ')).map(([name = '', ...values]) => [name, values]));
  const number = (name: string, at = 0) => {
    const value = Number(fields.get(name)?.[at]);
    return Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const written = (name: string) => ({ bytes: number(name), cut: number(name, 1) > 0 });
  return {
    cause: fields.get('cause')?.[0] ?? 'none',
    status: number('status'),
    background: number('background'),
    left: number('left'),
    oom: number('oom'),
    written: { stdout: written('stdout'), stderr: written('stderr') },
    kept: fields.get('kept') ?? [],
  };
}

type Ended = Pick<CommandOutcome, 'outcome' | 'exitCode' | 'signal' | 'timedOut' | 'notes'>;

/** The outcome in words for the model. */
export function endedAs(end: EndRecord, { limits, language }: CallRequest, settings: DockerSettings): Ended {
  const notes: string[] = [];
  const { cause, status, background, oom } = end;
  const say: Record<string, string> = {
    'not-started': 'The command was not started.',
    time: `Timed out: the command was stopped after ${limits.wallSeconds} seconds. It may have run in part.`,
    processes: `The command was stopped: it had more than ${Math.min(limits.processes, settings.processes)} processes at one time.`,
    disk: `The command was stopped: the workspace had more than ${gibibytes(settings.diskBytes)} or ${MOST_FILES.toLocaleString('en')} files. Delete what is not needed.`,
    'no-space': 'The command was stopped: the disk of the machine is nearly full.',
  };
  if (say[cause]) notes.push(say[cause]);
  if (oom > 0) {
    notes.push(
      `The memory limit of ${gibibytes(settings.memoryBytes)} was reached, and the system ended a process. Files in /tmp count as memory.`,
    );
  }
  if (background > 0) notes.push(`${background} background process(es) were stopped at the end of the call.`);
  for (const [name, { bytes, cut }] of Object.entries(end.written)) {
    if (cut) notes.push(`Of ${name} (${bytes} bytes) only ${limits.outputBytes} bytes were kept.`);
  }
  // A shell gives its child's end as its own; an interpreter of Python does not.
  const signal = language === 'python' ? signalName(status - 128) : undefined;
  return {
    outcome: cause === 'none' ? 'finished' : cause === 'time' ? 'timed-out' : 'killed',
    exitCode: signal || cause === 'not-started' ? null : status,
    ...(signal && { signal }),
    timedOut: cause === 'time',
    notes,
  };
}

const signalName = (number: number): string | undefined =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0];

function gibibytes(bytes: number): string {
  const [size, unit] = bytes < 2 ** 30 ? [bytes / 2 ** 20, 'MiB'] : [bytes / 2 ** 30, 'GiB'];
  return `${Number(size.toFixed(1))} ${unit}`;
}
