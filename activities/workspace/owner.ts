import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Context } from '@temporalio/activity';
import { readRecord, replaceFile } from '../record-file.ts';

/** Whose a workspace is: it is written before the workspace is made, so that none is left over for ever. */
export interface Owner {
  workspace: string;
  workflowId: string;
  namespace: string;
  /** The server's own id; another server knows nothing of this session. */
  cluster: string;
  /** The session has ended and could not save its files: the workspace is the user's to remove. */
  unsaved?: true;
}

/** What `Owner` and `sweep` ask of Temporal, as an activity's client and a worker's connection both give it. */
export interface TemporalService {
  getClusterInfo(request: object): Promise<{ clusterId?: string | null }>;
  describeWorkflowExecution(request: {
    namespace: string;
    execution: { workflowId: string; runId?: string };
  }): Promise<{ workflowExecutionInfo?: Described | null }>;
}

interface Described {
  status?: number | null;
  firstRunId?: string | null;
  execution?: { runId?: string | null } | null;
}

/** Of a client's connection, or of a worker's: their types differ, what they can do does not. */
export const temporalServiceOf = ({ workflowService }: { workflowService: object }): TemporalService =>
  workflowService as TemporalService;

const folderOf = (stateDir: string) => join(stateDir, 'owners');
const pathOf = (stateDir: string, workspace: string) => join(folderOf(stateDir), `${workspace}.json`);

const clusters = new WeakMap<object, Promise<string>>();

/** The server's id, asked once for each connection; empty where it does not tell. */
export function clusterOf(service: TemporalService): Promise<string> {
  let cluster = clusters.get(service);
  if (!cluster) {
    cluster = service.getClusterInfo({}).then(
      ({ clusterId }) => clusterId ?? '',
      () => '',
    );
    clusters.set(service, cluster);
  }
  return cluster;
}

/** Records that the workspace is the session's whose activity runs now. */
export async function claimWorkspace(stateDir: string, workspace: string): Promise<void> {
  const path = pathOf(stateDir, workspace);
  if (existsSync(path)) return;
  const { info, client } = Context.current();
  const workflowId = info.workflowExecution?.workflowId;
  if (workflowId === undefined) return;
  const cluster = await clusterOf(temporalServiceOf(client.connection));
  const owner: Owner = { workspace, workflowId, namespace: client.options.namespace, cluster };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(path, JSON.stringify(owner));
}

export function ownersIn(stateDir: string): Owner[] {
  const folder = folderOf(stateDir);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return files.flatMap((name) => readRecord<Owner>(join(folder, name)) ?? []);
}

export const ownerOf = (stateDir: string, workspace: string): Owner | undefined =>
  readRecord<Owner>(pathOf(stateDir, workspace));

/** From here on nobody but the user removes the workspace. */
export function leaveToUser(stateDir: string, workspace: string): void {
  const owner = ownerOf(stateDir, workspace);
  try {
    if (owner) replaceFile(pathOf(stateDir, workspace), JSON.stringify({ ...owner, unsaved: true } satisfies Owner));
  } catch {
    // The disk may be full. What is nobody's is not swept either.
    disown(stateDir, workspace);
  }
}

export const disown = (stateDir: string, workspace: string): void =>
  rmSync(pathOf(stateDir, workspace), { force: true });
