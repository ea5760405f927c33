import type { Concluded, ConcludeInput } from '../protocol/activities.ts';
import type { SessionRef, ToolCallInput, ToolCallOutput } from '../protocol/tool-call.ts';
import { HostLost } from './runtime.ts';
import type { Session } from './session.ts';

/** Whether a tool's calls go to the host that has the workspace. */
export const isAtWorkspace = ({ data }: Session, tool: string): boolean =>
  data.workspace !== undefined && data.prepared.workspace?.tools.includes(tool) === true;

/**
 * Runs a call where the workspace is. A host that does not take it in time is taken for gone: then whoever takes the
 * call first restores the workspace from its last snapshot and is the host from there on. A call that may have run on
 * the host that is gone is not repeated; the new one tells what is known of it.
 */
export async function callAtWorkspace(
  session: Session,
  tool: string,
  input: Omit<ToolCallInput, 'session'>,
  summary: string,
): Promise<ToolCallOutput> {
  const { data, runtime } = session;
  const output = await withHost(
    session,
    (place) => runtime.tool(tool, { ...input, session: refOf(session) }, { summary, ...place }),
    (lost) =>
      runtime.tool(tool, { ...input, session: refOf(session), lost }, { summary, queue: data.prepared.queues.sandbox }),
  );
  const { queue, snapshot } = output.workspace ?? {};
  data.workspace = { ...data.workspace, ...(queue ? { queue } : {}), ...(snapshot ? { snapshot } : {}) };
  return output;
}

/** Has the host of the workspace keep what the session gives back; any other can, from the last snapshot. */
export function concludeAtWorkspace(
  session: Session,
  asked: Pick<ConcludeInput, 'answered' | 'keep' | 'batch'>,
): Promise<Concluded> {
  const { runtime } = session;
  const { snapshot: given } = session.data.prepared.workspace ?? {};
  const input = { session: refOf(session), given, ...asked };
  return withHost(
    session,
    (place) => runtime.conclude(input, place),
    () => runtime.conclude(input, {}),
  );
}

/** The session as a call that needs its workspace is told of it. */
function refOf({ data }: Session): SessionRef {
  const { snapshot } = data.workspace ?? {};
  return { ...data.prepared.session, ...(snapshot ? { snapshot } : {}) };
}

async function withHost<T>(
  session: Session,
  there: (place: { queue?: string; withinSeconds?: number }) => Promise<T>,
  elsewhere: (lost: { queue: string; begun: boolean }) => Promise<T>,
): Promise<T> {
  const { data } = session;
  const queue = data.workspace?.queue;
  if (!queue) return there({ queue: data.prepared.queues.sandbox });
  try {
    return await there({ queue, withinSeconds: data.prepared.workspace?.lostAfterSeconds });
  } catch (error) {
    if (!(error instanceof HostLost)) throw error;
    // Calls that ran beside this one may have found another host meanwhile; the next will go there.
    if (data.workspace?.queue === queue) delete data.workspace.queue;
    return elsewhere({ queue, begun: error.begun });
  }
}
