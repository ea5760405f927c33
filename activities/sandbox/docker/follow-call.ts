import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { publish, readRecord, replaceFile } from '../../record-file.ts';
import type { CallRequest } from '../call-record.ts';
import type { CommandOutcome, RunContext } from '../sandbox.ts';
import { STREAMS } from '../shown-output.ts';
import { type Box, fillBox, openBox } from './box.ts';
import type { Containers, Running, Workspace } from './containers.ts';
import { endedAs, readEnd } from './end-record.ts';
import { type Docker, dockerAddress, isUnreachable, reasonOf, startDetached, statusOf } from './engine.ts';
import type { CallPaths } from './folders.ts';
import { outputOf } from './output.ts';
import { isRunner, makeRunner } from './run-in-container.ts';
import type { DockerSettings } from './settings.ts';

export interface DockerCall {
  docker: Docker;
  containers: Containers;
  settings: DockerSettings;
  paths: CallPaths;
  request: CallRequest;
  script: string;
  place: Workspace;
}

/** Where a call's runner was started. What the machine itself forgot (its files were not on disk yet) shows by `boot`. */
interface Started {
  running: Running;
  exec: string;
  boot: string;
}

/** First and longest time between two looks at the files, in ms. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 150;

/** How often Docker is asked whether the runner still is there, in ms. */
const LOOK_MS = 1_000;

/** How long a stopped command is waited for, in ms: its grace, and what a loaded machine adds. */
const STOP_MS = 30_000;

/** A restart of Docker's daemon takes seconds, and may stop containers one by one before. In ms. */
const DOCKER_AWAY_MS = 60_000;

const AGAIN_MS = 500;

/** From the making of a claim to its number, on a loaded machine. */
const CLAIM_MS = 500;

/**
 * Starts a call's command, waits for the one that an earlier attempt started, or gives the recorded outcome. The runner
 * that makes the file `claim` runs it, so starting a second one does no harm; without a claim nothing has run.
 */
export async function followCall(call: DockerCall, { signal, stopMeansKill }: RunContext): Promise<CommandOutcome> {
  const { paths } = call;
  let startUntil: number | undefined;
  let lookAt = 0;
  let giveUpAt: number | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.1, LONGEST_PAUSE_MS)) {
    const result = readRecord<CommandOutcome>(paths.result);
    if (result) return result;
    const started = readRecord<Started>(paths.started);
    if (isEnded(paths)) {
      const outcome = await settle(call);
      if (outcome) return outcome;
    }

    if (signal.aborted && giveUpAt === undefined) {
      if (!stopMeansKill(signal.reason) || !started) throw signal.reason;
      withBox(paths, (box) => box.touch('stop'));
      giveUpAt = performance.now() + STOP_MS;
    }
    if (giveUpAt !== undefined && performance.now() > giveUpAt) {
      const outcome = await settle(call);
      if (outcome) return outcome;
      throw signal.reason;
    }

    let begin = !started;
    if (started && performance.now() >= lookAt) {
      lookAt = performance.now() + LOOK_MS;
      // Asked first: the runner of another attempt may claim the call while this one looks for its own.
      const claimed = isClaimed(paths);
      if ((await isAlive(call, started)) === 'gone' && !isEnded(paths)) {
        const mayHaveRun = claimed || started.boot !== bootId();
        const outcome = mayHaveRun && (await settle(call));
        if (outcome) return outcome;
        if (giveUpAt !== undefined && !mayHaveRun) throw signal.reason;
        begin = !mayHaveRun;
      }
    }
    if (begin) {
      startUntil ??= performance.now() + DOCKER_AWAY_MS;
      const fault = await start(call);
      // Whether anything ran shows at the next look.
      lookAt = fault ? 0 : performance.now() + LOOK_MS;
      if (fault) {
        const hopeless = !mayPass(fault) || performance.now() > startUntil;
        if (hopeless && !isClaimed(paths)) throw didNotRun(call, fault);
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    await sleep(pause, undefined, giveUpAt === undefined ? { signal } : {}).catch(() => {});
  }
}

/** Gives what was in the way. */
async function start(call: DockerCall): Promise<unknown> {
  const { docker, containers, paths, request, place } = call;
  try {
    const { id, startedAt, user } = await containers.ensure(place);
    // Of an attempt that was stopped before anything ran; this one is wanted.
    withBox(paths, (box) => box.remove('stop'));
    const input: Record<string, string> = request.stdin === undefined ? {} : { stdin: request.stdin };
    fillBox(paths.box, { ...input, [paths.script]: call.script }, user);
    replaceFile(paths.request, JSON.stringify(request));
    const runner = await makeRunner(docker, { id, startedAt }, call);
    const record: Started = { running: { id, startedAt }, exec: runner.id, boot: bootId() };
    replaceFile(paths.started, JSON.stringify(record));
    await startDetached(runner);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Docker is away or about to go, or the container went meanwhile. */
function mayPass(fault: unknown): boolean {
  const status = statusOf(fault) ?? 0;
  if (/No such image/.test(reasonOf(fault))) return false;
  return isUnreachable(fault) || status === 404 || status === 409 || status >= 500;
}

function didNotRun({ request }: DockerCall, fault: unknown): Error {
  const docker = isUnreachable(fault) ? `No Docker answers at ${dockerAddress()}: ` : '';
  return new Error(`The call ${request.callId} could not be started, and did not run. ${docker}${reasonOf(fault)}`, {
    cause: fault,
  });
}

/** Whether the call's runner is there. While Docker does not answer nobody knows, and its files may tell meanwhile. */
async function isAlive({ docker, containers, paths }: DockerCall, started: Started): Promise<'here' | 'gone' | '?'> {
  try {
    if (!(await containers.isUp(started.running))) return 'gone';
    if (await isRunning(docker, started.exec)) return 'here';
    let pid = claimOf(paths);
    if (pid === '') {
      // Made, and not written yet.
      await sleep(CLAIM_MS);
      pid = claimOf(paths);
    }
    // Another attempt's runner may have been first, or a daemon that restarted knows nothing of its programs.
    return pid && (await isRunner(docker, started.running, pid, paths)) ? 'here' : 'gone';
  } catch {
    return '?';
  }
}

async function isRunning(docker: Docker, exec: string): Promise<boolean> {
  try {
    return (await docker.getExec(exec).inspect()).Running;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

const claimOf = (paths: CallPaths): string | undefined => withBox(paths, (box) => box.read('claim'))?.trim();

const isEnded = (paths: CallPaths): boolean => withBox(paths, readEnd) !== undefined;
const isClaimed = (paths: CallPaths): boolean => withBox(paths, (box) => box.has('claim')) ?? false;

/**
 * Records what became of the call. Where its runner left no end it is unknown, and its container is removed with
 * whatever the command has left in it, so that this cannot disturb the commands that follow; undefined while Docker
 * cannot do that.
 */
async function settle(call: DockerCall): Promise<CommandOutcome | undefined> {
  const { containers, settings, paths, place } = call;
  const request = readRecord<CallRequest>(paths.request) ?? call.request;
  const found = withBox(paths, readEnd);
  if (!found || found.left > 0) {
    try {
      await containers.remove(place.name);
    } catch (error) {
      if (mayPass(error)) return undefined;
      throw error;
    }
  }
  const box = openBox(paths.box);
  const end = box && readEnd(box);
  const ended = end
    ? endedAs(end, request, settings)
    : { outcome: 'unknown' as const, exitCode: null, timedOut: false, notes: [] };
  const shown = box
    ? await outputOf(box, paths, request, end?.kept ?? [])
    : { stdout: '', stderr: '', truncated: false };
  const outcome: CommandOutcome = { ...ended, ...shown };
  publish(paths.result, outcome);
  for (const stream of STREAMS) {
    for (const name of [stream, `${stream}.tail`, `${stream}.count`]) box?.remove(name);
  }
  box?.close();
  return readRecord<CommandOutcome>(paths.result) ?? outcome;
}

function withBox<T>(paths: CallPaths, use: (box: Box) => T): T | undefined {
  const box = openBox(paths.box);
  try {
    return box && use(box);
  } finally {
    box?.close();
  }
}

/** Of the machine; where it is not told, files count as kept over a restart. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
