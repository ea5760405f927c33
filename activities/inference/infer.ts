import { Context } from '@temporalio/activity';
import type { InferInput, InferProgress } from '../../protocol/activities.ts';
import type { Message } from '../../protocol/messages.ts';
import type { Reply } from '../../protocol/reply.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { chat } from './chat-completions.ts';
import type { Endpoint } from './endpoint.ts';
import { parseCalls } from './parse-calls/index.ts';
import { readTranscript } from './transcript-cache.ts';

/** The activity `infer`: one model call of a session. Its heartbeats carry what was generated so far. */
export function makeInfer(endpoints: Endpoint[]) {
  return async (input: InferInput): Promise<Reply> => {
    const context = Context.current();
    const endpoint = endpoints.find(({ name }) => name === input.endpoint) ?? (endpoints[0] as Endpoint);
    const progress: InferProgress = {
      round: input.round,
      endpoint: endpoint.name,
      text: '',
      reasoning: '',
      startedAt: Date.now(),
    };
    return withHeartbeat(
      async () => {
        const view = await readTranscript(input);
        const appended: Message[] = input.append === undefined ? [] : [{ role: 'user', content: input.append }];
        const messages = [...view.messages, ...appended];
        const reply = await chat(endpoint, messages, view, context.cancellationSignal, progress);
        return { ...reply, calls: input.purpose === 'summary' ? [] : parseCalls(reply.text, view.tools) };
      },
      () => ({ ...progress }),
    );
  };
}
