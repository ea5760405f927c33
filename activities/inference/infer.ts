import { Context } from '@temporalio/activity';
import type { InferInput, InferProgress } from '../../protocol/activities.ts';
import type { Message } from '../../protocol/messages.ts';
import type { Reply } from '../../protocol/reply.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Generated, ModelRequest, RawReply } from './adapter.ts';
import { adapterOf } from './adapters/index.ts';
import { continueReply } from './continue/continue-reply.ts';
import { planContinuation } from './continue/plan.ts';
import { contextOf, withinContext } from './continue/room.ts';
import { packTokens, unpackTokens } from './continue/token-codec.ts';
import { faultOf } from './fleet/fault.ts';
import { type Fleet, MoveOn } from './fleet/index.ts';
import { observeModelCall } from './observe-call.ts';
import { parseCalls } from './parse-calls/index.ts';
import { readTranscript } from './read-transcript.ts';

/** What is generated after the last heartbeat is generated again after a crash. */
const REPORT_SECONDS = 1;

/**
 * The activity `infer`: one model call of a session. Its heartbeats carry what was generated so far, and an attempt
 * after a crash, a broken stream or a worker's shutdown goes on from there.
 */
export function makeInfer(fleet: Fleet, reportSeconds = REPORT_SECONDS) {
  return (input: InferInput): Promise<Reply> => {
    const { info, cancellationSignal: signal } = Context.current();
    const before = (info.heartbeatDetails ?? undefined) as InferProgress | undefined;
    // Until it is clear whether this attempt goes on from it, it is what the next one would have.
    const generated = generatedBefore(before);
    const progress: Pick<InferProgress, 'round' | 'endpoint' | 'startedAt' | 'failed' | 'model'> = {
      round: input.round,
      endpoint: before?.endpoint ?? '',
      startedAt: before?.startedAt ?? Date.now(),
      ...(before?.failed === undefined ? {} : { failed: before.failed }),
      ...(before?.model === undefined ? {} : { model: before.model }),
    };
    const details = (): InferProgress => ({
      ...progress,
      text: generated.text,
      reasoning: generated.reasoning,
      ...(generated.tokenIds ? { tokens: packTokens(generated.tokenIds) } : {}),
    });
    const work = async (): Promise<Reply> => {
      const view = await readTranscript(input);
      let last = before?.endpoint || input.endpoint;
      let avoid = before?.failed;
      for (;;) {
        const lease = await fleet.acquire({
          role: 'research',
          protocol: view.protocol,
          session: info.workflowExecution?.workflowId,
          last,
          avoid,
          priority: info.priority?.priorityKey,
          signal,
        });
        progress.endpoint = lease.endpoint.name;
        progress.failed = undefined;
        try {
          const appended: Message[] = input.append === undefined ? [] : [{ role: 'user', content: input.append }];
          const call: ModelRequest = {
            endpoint: lease.endpoint,
            messages: [...view.messages, ...appended],
            model: view.model,
            tools: view.schemas ?? [],
            sessionId: info.workflowExecution?.workflowId ?? '',
            requestId: `${info.workflowExecution?.runId}-${info.activityId}`,
            signal: lease.signal,
            onBegin: lease.begun,
            generated,
          };
          const about = { purpose: input.purpose, round: input.round };
          const { text, calls, ...reply } = await observeModelCall(call, about, () =>
            goOnOrStart(call, input, progress),
          );
          lease.release();
          const parsed = input.purpose === 'summary' ? [] : (calls ?? parseCalls(text, view.tools));
          // In the order in which people read it in the Web UI.
          return { text, calls: parsed, ...reply };
        } catch (error) {
          lease.release(error);
          if (error instanceof MoveOn) {
            last = avoid = lease.endpoint.name;
            continue;
          }
          progress.failed = faultOf(error) ? lease.endpoint.name : undefined;
          throw error;
        }
      }
    };
    return withHeartbeat(work, details, 1000 * reportSeconds);
  };
}

function generatedBefore(before: InferProgress | undefined): Generated {
  const tokenIds = before?.tokens ? unpackTokens(before.tokens) : [];
  return tokenIds.length === 0
    ? { text: '', reasoning: '' }
    : { text: before?.text ?? '', reasoning: before?.reasoning ?? '', tokenIds };
}

/** One reply, from where an attempt before has left it where that can be. */
async function goOnOrStart(
  call: ModelRequest,
  input: InferInput,
  progress: Pick<InferProgress, 'model'>,
): Promise<RawReply> {
  const { endpoint, generated } = call;
  if (progress.model === endpoint.model) {
    const from = await planContinuation(call, generated);
    if (from) return continueReply(call, from, contextOf(call, input));
  }
  const model = await withinContext(call, input);
  Object.assign(generated, { text: '', reasoning: '', tokenIds: undefined });
  progress.model = endpoint.model;
  return adapterOf(endpoint.format)({ ...call, model });
}
