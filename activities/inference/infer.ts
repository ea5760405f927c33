import { Context } from '@temporalio/activity';
import type { InferInput, InferProgress } from '../../protocol/activities.ts';
import type { Message } from '../../protocol/messages.ts';
import type { Reply } from '../../protocol/reply.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Generated } from './adapter.ts';
import { adapterOf } from './adapters/index.ts';
import { faultOf } from './fleet/fault.ts';
import type { Fleet } from './fleet/index.ts';
import { parseCalls } from './parse-calls/index.ts';
import { readTranscript } from './transcript-cache.ts';

/** The activity `infer`: one model call of a session. Its heartbeats carry what was generated so far. */
export function makeInfer(fleet: Fleet) {
  return (input: InferInput): Promise<Reply> => {
    const { info, cancellationSignal: signal } = Context.current();
    const generated: Generated = { text: '', reasoning: '' };
    const failedBefore = (info.heartbeatDetails as InferProgress | undefined)?.failed;
    const progress: Pick<InferProgress, 'round' | 'endpoint' | 'startedAt' | 'failed'> = {
      round: input.round,
      endpoint: '',
      startedAt: Date.now(),
      ...(failedBefore === undefined ? {} : { failed: failedBefore }),
    };
    const details = (): InferProgress => ({ ...progress, ...generated });
    const work = async (): Promise<Reply> => {
      const view = await readTranscript(input);
      const lease = await fleet.acquire({
        role: 'research',
        protocol: view.protocol,
        session: info.workflowExecution?.workflowId,
        last: input.endpoint,
        avoid: failedBefore,
        signal,
      });
      progress.endpoint = lease.endpoint.name;
      progress.failed = undefined;
      try {
        const appended: Message[] = input.append === undefined ? [] : [{ role: 'user', content: input.append }];
        const { calls, ...reply } = await adapterOf(lease.endpoint.format)({
          endpoint: lease.endpoint,
          messages: [...view.messages, ...appended],
          model: view.model,
          tools: view.schemas ?? [],
          sessionId: info.workflowExecution?.workflowId ?? '',
          requestId: `${info.workflowExecution?.runId}-${info.activityId}`,
          signal,
          generated,
        });
        lease.release();
        return { ...reply, calls: input.purpose === 'summary' ? [] : (calls ?? parseCalls(reply.text, view.tools)) };
      } catch (error) {
        lease.release(error);
        progress.failed = faultOf(error) ? lease.endpoint.name : undefined;
        throw error;
      }
    };
    return withHeartbeat(work, details);
  };
}
