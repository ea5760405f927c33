import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { PreparedWorkspace, SessionActivities } from '../../protocol/activities.ts';
import { type Checkpoint, type Forked, lastSnapshot, segmentsUpTo, sourcesUpTo } from '../../protocol/fork.ts';
import { FAILURE, QUERY, WORKFLOW } from '../../protocol/names.ts';
import {
  type Segment,
  type TrajectoryCursor,
  type TrajectoryPage,
  wholeTrajectory,
} from '../../protocol/trajectory.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { claimWorkspace } from '../workspace/owner.ts';
import { ensureWorkspace } from '../workspace/workspace.ts';
import { type PrepareOptions, saved, workspaceAt } from './prepare.ts';
import { sessionSkills } from './session-skills.ts';
import { sessionWorkspace } from './session-workspace.ts';
import { stageFiles } from './stage-files.ts';

/** The activity `fork`: reads another session up to a round, and gives the new one a workspace of its own. */
export function makeFork(options: PrepareOptions): SessionActivities['fork'] {
  return (input) =>
    withHeartbeat(async () => {
      const { client, info } = Context.current();
      const handle = client.workflow.getHandle(input.session, input.runId);
      try {
        const { type } = await handle.describe();
        if (type !== WORKFLOW.session) throw refused('session', `"${input.session}" is a workflow of type ${type}`);
        const checkpoint = await handle.query<Checkpoint>(QUERY.checkpoint);
        const segments = await wholeTrajectory((cursor) =>
          handle.query<TrajectoryPage, [TrajectoryCursor]>(QUERY.trajectory, cursor),
        );
        return await takeOver(checkpoint, segments);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw refused('session', `this server has no session "${input.session}"`);
      }

      async function takeOver(checkpoint: Checkpoint, all: Segment[]): Promise<Forked> {
        const segments = segmentsUpTo(all, input.round);
        if (!segments) throw refused('round', `the session has not ended a round ${input.round} (${roundsOf(all)})`);
        const { prepared } = checkpoint;
        refuseOtherTools(prepared, input.approve ?? []);
        const workspace = sessionWorkspace(info);
        const { workspace: original, ...rest } = checkpoint;
        return {
          ...rest,
          prepared: {
            ...prepared,
            session: { ...prepared.session, workspace },
            workspace: await workspaceFrom(checkpoint, original?.queue, lastSnapshot(segments), workspace),
            queues: options.queues,
          },
          sources: sourcesUpTo(checkpoint.sources, input.round),
          segments,
        };
      }
    });

  /** As the original's was after the round; made by the first call that needs it. */
  async function workspaceFrom(
    { settings, prepared: { workspace: given, tools } }: Checkpoint,
    queue: string | undefined,
    begins: string | undefined,
    name: string,
  ): Promise<PreparedWorkspace> {
    const place = workspaceAt(tools, options);
    // The host of the original has its snapshots in any case, also where the store is not shared.
    if (given)
      return { ...place, ...(queue ? { queue } : {}), snapshot: given.snapshot, ...(begins ? { begins } : {}) };
    // A session of an older worker has no snapshots: it begins with the files that it was given.
    await claimWorkspace(options.stateDir, name);
    const folder = await ensureWorkspace(options.stateDir, name);
    await sessionSkills(settings.skills, folder, options);
    await stageFiles(settings.files, folder, { ...options, signal: Context.current().cancellationSignal });
    return { ...place, snapshot: await saved(options.files, name) };
  }

  function refuseOtherTools({ tools, protocol }: Forked['prepared'], approve: string[]): void {
    const served = options.tools.map(({ name }) => name);
    const lacks = tools.filter((name) => !served.includes(name));
    if (lacks.length > 0) throw refused('session', `this worker cannot serve its tools ${lacks.join(', ')}`);
    if (protocol !== options.protocol) throw refused('session', "its model's API carries calls in another way");
    const unknown = approve.find((name) => !tools.includes(name));
    if (unknown !== undefined) {
      throw ApplicationFailure.nonRetryable(
        `Invalid input: approve: the session has no tool "${unknown}"; it has ${tools.join(', ')}.`,
        FAILURE.invalidInput,
      );
    }
  }
}

function roundsOf(segments: readonly Segment[]): string {
  const count = segments.reduce((sum, { rounds }) => sum + rounds.filter(({ reply }) => reply).length, 0);
  return count === 1 ? 'it has 1 round' : `it has ${count} rounds`;
}

const refused = (field: 'session' | 'round', why: string) =>
  ApplicationFailure.nonRetryable(`Invalid input: fork.${field}: ${why}.`, FAILURE.invalidInput);
