import { notRunNotice, refusedNotice, stoppedNotice, undecidedNotice } from '../protocol/notices.ts';
import { addUsage } from '../protocol/reply.ts';
import { EFFECTFUL_TOOLS, type ToolCallOutput } from '../protocol/tool-call.ts';
import type { CallRecord, Round } from '../protocol/trajectory.ts';
import { callAtWorkspace, isAtWorkspace } from './at-workspace.ts';
import { summaryOf } from './call-summary.ts';
import { ActivityFailed, Cancelled } from './runtime.ts';
import { enter, interrupted, refresh, type Session, whilePaused } from './session.ts';
import { addSources } from './session-state.ts';

/**
 * Runs a round's calls. Neighbours that only read run at once; a call that changes the workspace runs alone and in its
 * place, for what follows it may read what it wrote. Every call ends with a text for the model.
 */
export async function runCalls(session: Session, round: Round): Promise<void> {
  // Shown with the first call, or with what comes next where none runs.
  session.state = 'working';
  for (const group of groups(round.calls, session.data.prepared.effectful)) {
    if (session.controls.paused) await whilePaused(session);
    const [first, ...more] = group;
    if (first && more.length === 0) await runCall(session, first);
    else await Promise.all(group.map((call) => runCall(session, call)));
  }
  round.endedAt = session.runtime.now();
}

function groups(calls: CallRecord[], effectful: string[]): CallRecord[][] {
  const result: CallRecord[][] = [];
  let reading: CallRecord[] | undefined;
  for (const call of calls) {
    if (effectful.includes(call.name)) {
      reading = undefined;
      result.push([call]);
    } else if (reading) {
      reading.push(call);
    } else {
      reading = [call];
      result.push(reading);
    }
  }
  return result;
}

async function runCall(session: Session, call: CallRecord): Promise<void> {
  const { data, runtime } = session;
  if (call.error !== undefined) return settle(session, call, 'failed', call.error);
  if (!data.prepared.tools.includes(call.name)) {
    return settle(session, call, 'failed', unknownTool(call.name, data.prepared.tools));
  }
  if (interrupted(session)) return settle(session, call, 'skipped', notRunNotice(reasonOf(session)));
  if (data.settings.approve.includes(call.name)) {
    const refusal = await askApproval(session, call);
    if (refusal !== undefined) return settle(session, call, interrupted(session) ? 'skipped' : 'refused', refusal);
  }
  call.state = 'running';
  call.startedAt = runtime.now();
  refresh(session);
  try {
    const output = await callTool(session, call);
    addSources(data, output.sources ?? [], call.id);
    if (output.workspace?.snapshot) call.snapshot = output.workspace.snapshot;
    if (output.usage) data.usage = addUsage(data.usage, output.usage);
    settle(session, call, output.failed ? 'failed' : 'done', output.text);
  } catch (error) {
    if (error instanceof Cancelled) return settle(session, call, 'skipped', stoppedNotice(reasonOf(session)));
    if (!(error instanceof ActivityFailed)) throw error;
    settle(session, call, 'failed', `The tool ${call.name} failed: ${error.message}`);
  }
}

function callTool(session: Session, call: CallRecord): Promise<ToolCallOutput> {
  const { prepared } = session.data;
  if (isAtWorkspace(session, call.name)) {
    const input = { callId: call.id, arguments: call.arguments };
    return callAtWorkspace(session, call.name, input, summaryOf(call.name, call.arguments));
  }
  return session.runtime.tool(
    call.name,
    { callId: call.id, arguments: call.arguments, session: prepared.session },
    {
      summary: summaryOf(call.name, call.arguments),
      queue: EFFECTFUL_TOOLS.has(call.name) ? prepared.queues.sandbox : prepared.queues.tools?.[call.name],
    },
  );
}

/** Resolves to the text for the model where the call may not run. */
async function askApproval(session: Session, call: CallRecord): Promise<string | undefined> {
  const { controls, runtime } = session;
  call.state = 'approval';
  enter(session, 'approval');
  const { approveSeconds } = session.data.settings;
  await runtime.until(
    () => controls.decisions.has(call.id) || interrupted(session),
    approveSeconds === undefined ? undefined : approveSeconds * 1000,
  );
  const decision = controls.decisions.get(call.id);
  controls.decisions.delete(call.id);
  enter(session, 'working');
  if (!decision && interrupted(session)) return notRunNotice(reasonOf(session));
  if (!decision) return undecidedNotice(approveSeconds ?? 0);
  return decision.approved ? undefined : refusedNotice(decision.reason);
}

function settle(session: Session, call: CallRecord, state: CallRecord['state'], text: string): void {
  call.state = state;
  call.result = text;
  if (call.startedAt !== undefined) call.endedAt = session.runtime.now();
}

const reasonOf = (session: Session) => (session.timedOut ? 'timeout' : 'finished_early');

const unknownTool = (name: string, tools: string[]): string =>
  `There is no tool named "${name}". The tools are: ${tools.join(', ')}.`;
