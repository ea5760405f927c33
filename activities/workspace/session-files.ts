import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRef, ToolCallInput, ToolCallOutput, WorkspaceState } from '../../protocol/tool-call.ts';
import { log } from '../log.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { cleanupCalls } from './cleanup-calls.ts';
import type { Kept } from './keep.ts';
import { claimWorkspace } from './owner.ts';
import { readIndex, writeIndex } from './snapshot/index-file.ts';
import { restoreSnapshot } from './snapshot/restore.ts';
import { type SnapshotLimits, TooLarge } from './snapshot/scan.ts';
import { takeSnapshot } from './snapshot/take.ts';
import { EMPTY_TREE, MissingContent } from './snapshot/tree.ts';
import { ensureWorkspace, workspacePath } from './workspace.ts';

export interface SessionFilesOptions {
  stateDir: string;
  kept: Kept;
  sandbox: Sandbox;
  /** Task queue of this host, where it has one. */
  hostQueue?: string;
  limits?: SnapshotLimits;
}

/** The workspaces of sessions on this host: each is at the snapshot that its session knows, here or on any other. */
export interface SessionFiles {
  /**
   * The workspace as a call needs it, with what takes the call's place where it may have run on a host that is gone:
   * its recorded result, or a sentence that says so.
   */
  open(call: ToolCallInput, effectful: boolean): Promise<{ folder: string; instead?: ToolCallOutput }>;
  /** Saves the workspace after an effectful call; gives the call's output with what the session has to know. */
  close(call: ToolCallInput, effectful: boolean, output: ToolCallOutput): Promise<ToolCallOutput>;
  /** Saves a workspace as it is, and gives its snapshot; throws where it cannot be saved. */
  save(workspace: string): Promise<string>;
  /** What a session has to know of the host. */
  here: Pick<WorkspaceState, 'queue'>;
}

export function sessionFiles({ stateDir, kept, sandbox, hostQueue, limits }: SessionFilesOptions): SessionFiles {
  const inTurn = turns();
  const here = hostQueue ? { queue: hostQueue } : {};

  async function restore({ workspace, snapshot }: SessionRef & { snapshot: string }): Promise<void> {
    const folder = workspacePath(stateDir, workspace);
    const before = readIndex(stateDir, workspace);
    if (existsSync(folder)) {
      // The session went on elsewhere or was reset: what runs here is not its own any more.
      await sandbox.end?.(folder);
      await cleanupCalls(stateDir, workspace);
    }
    const nothing = { lookedAt: 0, files: new Map(), folders: new Map() };
    writeIndex(stateDir, workspace, { ...(before ?? nothing), at: '' });
    writeIndex(stateDir, workspace, await restoreSnapshot(folder, snapshot, kept, kept.scratch, before));
  }

  async function snapshotNow(workspace: string, more: { before?: string; call?: string }) {
    const known = readIndex(stateDir, workspace);
    const { index, leftOut, read } = await takeSnapshot(workspacePath(stateDir, workspace), kept, known, limits);
    const told = leftOut.length > 0 ? listOf(leftOut) : undefined;
    const isNews = read > 0 || index.at !== known?.at || told !== known.told;
    if (isNews) writeIndex(stateDir, workspace, { ...index, ...more, ...(told ? { told } : {}) });
    const news = told !== known?.told && leftOut.some(([, why]) => why.includes('larger')) ? told : undefined;
    return { at: index.at, told, news };
  }

  return {
    here,

    async open(call, effectful) {
      const { workspace, snapshot } = call.session;
      await claimWorkspace(stateDir, workspace);
      if (snapshot === undefined) return { folder: await ensureWorkspace(stateDir, workspace) };
      return inTurn(workspace, async () => {
        const folder = workspacePath(stateDir, workspace);
        const index = existsSync(folder) ? readIndex(stateDir, workspace) : undefined;
        const isHere = index?.at === snapshot || (index?.before === snapshot && index.call === keyOf(call));
        const mayHaveRun = effectful && call.lost?.begun === true && call.lost.queue !== hostQueue;
        if (mayHaveRun) {
          const record = await recordOf(call);
          // The next call finds that its snapshot is not here.
          if (record) return { folder, instead: { ...record, workspace: { ...record.workspace, ...here } } };
        }
        if (!isHere) {
          try {
            await restore({ ...call.session, snapshot });
          } catch (error) {
            if (!(error instanceof MissingContent)) throw error;
            await restore({ ...call.session, snapshot: EMPTY_TREE });
            log.warn(`The files of ${workspace} are lost: ${error.message}`);
            return { folder, instead: { text: FILES_LOST, failed: true, workspace: { snapshot: EMPTY_TREE } } };
          }
        }
        return mayHaveRun ? { folder, instead: { text: UNKNOWN, failed: true } } : { folder };
      });
    },

    async close(call, effectful, output) {
      const { workspace, snapshot } = call.session;
      if (snapshot === undefined) return output;
      const state = (more: WorkspaceState) => ({
        ...output.workspace,
        ...here,
        ...more,
      });
      if (!effectful) return { ...output, workspace: state({}) };
      return inTurn(workspace, async () => {
        try {
          const lineage = { before: snapshot, call: keyOf(call) };
          const { at, told, news } = await patiently(() => snapshotNow(workspace, lineage));
          const saved: ToolCallOutput = {
            ...output,
            text: news ? `${output.text}\n[Not saved beside the working directory: ${news}.]` : output.text,
            workspace: state({ snapshot: at, ...(told ? { notSaved: told } : {}) }),
          };
          await kept.store.write(recordName(call), encoder.encode(JSON.stringify(saved))).catch(() => {});
          return saved;
        } catch (error) {
          const why = (error as Error).message;
          const text = error instanceof TooLarge ? await tellOnce(workspace, output.text, why) : output.text;
          if (!(error instanceof TooLarge)) log.warn(`The files of ${workspace} cannot be saved: ${why}`);
          return { ...output, text, workspace: state({ notSaved: why }) };
        }
      });
    },

    save: (workspace) => inTurn(workspace, async () => (await patiently(() => snapshotNow(workspace, {}))).at),
  };

  async function tellOnce(workspace: string, text: string, why: string): Promise<string> {
    const index = readIndex(stateDir, workspace);
    if (!index || index.told === why) return text;
    writeIndex(stateDir, workspace, { ...index, told: why });
    return `${text}\n[${why}: what is new in it is not saved any more, and is lost if this machine is. Remove what is not needed.]`;
  }

  async function recordOf(call: ToolCallInput): Promise<ToolCallOutput | undefined> {
    const bytes = await kept.store.read(recordName(call));
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as ToolCallOutput);
  }
}

const UNKNOWN =
  'The machine that ran this call was lost, and the outcome is unknown: it may have run in part, or to its end. ' +
  'It was not repeated. The working directory is as it was before this call: what the call changed in it is undone, ' +
  'what it changed elsewhere may be done. Look before you run it again.';

const FILES_LOST =
  "The machine with this session's files was lost, and no copy of them can be reached from here. This call was not " +
  'run. The working directory is empty now; make again what is needed.';

const encoder = new TextEncoder();

/** The same for all attempts of a call, and another for a call with the same id after a reset to an earlier round. */
function keyOf({ callId, arguments: args, session }: ToolCallInput): string {
  return createHash('sha256')
    .update(JSON.stringify([session.workspace, session.snapshot, callId, args]))
    .digest('hex');
}

/** Of a call that is over, for a host that does not know it. */
const recordName = (call: ToolCallInput): string => `calls/${keyOf(call)}`;

/** A store that is away for a moment must not cost a snapshot. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TooLarge || attempt === 3) throw error;
      await sleep(attempt * 1000);
    }
  }
}

const SHOWN = 3;

function listOf(leftOut: [path: string, why: string][]): string {
  const shown = leftOut.slice(0, SHOWN).map(([path, why]) => `${JSON.stringify(path.slice(0, 100))}: ${why}`);
  const more = leftOut.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Runs work of the same name one after another. */
function turns() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(name);
    const mine = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
