import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limiter } from '../limiter.ts';
import { ToolError } from '../tools/tool.ts';
import type { DocumentHint, ReadableDocument } from './readable-document.ts';
import type { ReadAnswer, ReadJob } from './reader-process.ts';

export interface ContainedLimits {
  /** For one document, in milliseconds. */
  timeMs: number;
  /** Of a process's heap. */
  memoryMb: number;
  /** Of all its memory: what unpacked files take is not in the heap. Looked at on Linux only. */
  totalMb: number;
  processes: number;
}

/**
 * Ordinary pages take a tenth of a second and some 30 MB, the largest that is fetched 20 to 50 times its bytes; a sheet
 * of a million cells ten seconds and 400 MB.
 */
const DEFAULTS: ContainedLimits = {
  timeMs: 90_000,
  memoryMb: 768,
  totalMb: 1280,
  processes: Math.max(1, Math.min(4, availableParallelism() - 1)),
};

/** A process that nobody needs is ended after this. */
const IDLE_MS = 60_000;

/** Between two looks at a process's memory. What unpacks fastest gains some 100 MB in this time. */
const LOOK_EVERY_MS = 100;

const PROGRAM = fileURLToPath(new URL(`./reader-process${extname(import.meta.url)}`, import.meta.url));

/** Reads documents of unknown origin. */
export interface ContainedReader {
  read(bytes: Uint8Array, hint: DocumentHint): Promise<ReadableDocument>;
  close(): void;
}

/**
 * Reads documents in processes of their own, which have no secrets, write no files and start no programs. A page that
 * takes a parser minutes, or gigabytes, costs itself and not the heartbeats and the memory of everything else here;
 * threads would not do, for V8 ends the whole process when one of them runs out of memory. `read` throws `ToolError`
 * where a document is over a limit.
 */
export function containedReader(limits: Partial<ContainedLimits> = {}): ContainedReader {
  const { timeMs, memoryMb, totalMb, processes } = { ...DEFAULTS, ...limits };
  const inTurn = limiter(processes);
  const idle = new Map<ChildProcess, NodeJS.Timeout>();

  function take(): ChildProcess {
    for (const [child, end] of idle) {
      clearTimeout(end);
      idle.delete(child);
      if (child.connected) return child;
    }
    const child = fork(PROGRAM, [], {
      execArgv: [`--max-old-space-size=${memoryMb}`, '--permission', '--allow-fs-read=*'],
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // It waits for work, and must not keep this process from its end.
    child.unref();
    // What fails while nobody waits must not be uncaught.
    child.on('error', () => {});
    child.channel?.unref();
    return child;
  }

  function giveBack(child: ChildProcess): void {
    const end = setTimeout(() => {
      idle.delete(child);
      child.kill('SIGKILL');
    }, IDLE_MS);
    end.unref();
    idle.set(child, end);
  }

  async function run(bytes: Uint8Array, { signal, ...hint }: DocumentHint): Promise<ReadableDocument> {
    signal?.throwIfAborted();
    const child = take();
    try {
      const answer = await asked(child, { bytes, hint }, signal);
      giveBack(child);
      if ('document' in answer) return answer.document;
      if ('sentence' in answer) throw new ToolError(answer.sentence);
      throw new Error(`A document could not be read: ${answer.fault}`);
    } catch (error) {
      if (!idle.has(child)) child.kill('SIGKILL');
      throw error;
    }
  }

  async function asked(child: ChildProcess, job: ReadJob, signal: AbortSignal | undefined): Promise<ReadAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    const fail = (why: string) =>
      reject(new ToolError(`${job.hint.name ?? 'The document'} could not be read: ${why}.`));
    const ended = (_: number | null, how: NodeJS.Signals | null) =>
      fail(how === 'SIGABRT' ? `it takes more than ${memoryMb} MB of memory` : 'the program that reads it broke off');
    const looks = setInterval(() => {
      if (residentMb(child) > totalMb) fail(`it takes more than ${totalMb} MB of memory`);
    }, LOOK_EVERY_MS);
    const stop = () => reject(signal?.reason);
    const late = setTimeout(() => fail(`taking it apart took longer than ${timeMs / 1000} seconds`), timeMs);
    signal?.addEventListener('abort', stop, { once: true });
    child.once('message', resolve).once('exit', ended).once('error', reject);
    child.send(job, (error) => error && reject(error));
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      clearInterval(looks);
      signal?.removeEventListener('abort', stop);
      child.removeListener('message', resolve).removeListener('exit', ended).removeListener('error', reject);
      // What fails later is nobody's any more, and must not be uncaught.
    }
  }

  return {
    read: (bytes, hint) => inTurn(() => run(bytes, hint)),
    close() {
      for (const [child, end] of idle) {
        clearTimeout(end);
        child.kill('SIGKILL');
      }
      idle.clear();
    },
  };
}

/** What a process has in memory; 0 where the system does not tell. */
function residentMb({ pid }: ChildProcess): number {
  if (process.platform !== 'linux' || pid === undefined) return 0;
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}
