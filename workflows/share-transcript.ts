import type { InferenceView } from '../protocol/activities.ts';
import { digestWith } from '../protocol/digest.ts';
import { messagesOf } from '../protocol/messages.ts';
import type { Session } from './session.ts';
import { currentSegment } from './session-state.ts';

/** What has been shared of the current segment: the digest after each of its messages. */
export interface Shared {
  segment: number;
  digests: string[];
}

/**
 * Hands the messages that are new to a model call in this process, so that it need not ask for them, and returns the
 * digest of those it is to send. A message that was shared never changes: that is what the prefix cache lives on.
 */
export function shareTranscript(session: Session, messages: number): string {
  const { data, runtime } = session;
  const segment = currentSegment(data);
  if (session.shared.segment !== segment.index) session.shared = { segment: segment.index, digests: [] };
  const { digests } = session.shared;
  const since = digests.length;
  if (messages > since) {
    const { settings, prepared } = data;
    const fresh = messagesOf(segment, prepared.protocol, since, messages);
    for (const message of fresh) digests.push(digestWith(digests.at(-1) ?? '', message));
    runtime.share(segment.index, since, viewOf(settings, prepared, fresh));
  }
  return digests[messages - 1] ?? '';
}

/** What a model call needs of its session. */
export const viewOf = (
  { model }: Session['data']['settings'],
  { protocol, tools, schemas }: Session['data']['prepared'],
  messages: InferenceView['messages'],
): InferenceView => ({ messages, model, protocol, tools, ...(schemas ? { schemas } : {}) });
