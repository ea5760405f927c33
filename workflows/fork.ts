import type { Forked, ForkInput } from '../protocol/fork.ts';
import type { ResearchSettings } from '../protocol/input.ts';
import { countMessages } from '../protocol/messages.ts';
import { FAILURE } from '../protocol/names.ts';
import { steeringNotice } from '../protocol/notices.ts';
import { addUsage, noUsage } from '../protocol/reply.ts';
import { ActivityFailed } from './runtime.ts';
import { type SessionData, workspaceOf } from './session-state.ts';

/** The state of a session that goes on after the last round it took over. Its usage is that of these rounds' replies. */
export function forkedData(forked: Forked, { fork: _, steer, ...changed }: ForkInput, startedAt: number): SessionData {
  const { prepared, segments, sources, charsPerToken } = forked;
  const settings: ResearchSettings = {
    ...forked.settings,
    ...changed,
    model: { ...forked.settings.model, ...changed.model },
  };
  const rounds = segments.flatMap((segment) => segment.rounds);
  const segment = segments[segments.length - 1];
  const at = segment?.rounds.findLastIndex(({ reply }) => reply) ?? -1;
  const last = segment?.rounds[at];
  if (!segment || !last?.reply) throw new TypeError('A fork takes over at least one round.');
  const sent = countMessages({ ...segment, rounds: segment.rounds.slice(0, at) });
  const data: SessionData = {
    settings,
    prepared,
    ...(prepared.workspace ? { workspace: workspaceOf(prepared.workspace) } : {}),
    segments,
    usage: rounds.reduce((sum, { reply }) => (reply ? addUsage(sum, reply.usage) : sum), noUsage()),
    sources,
    startedAt,
    rounds: last.number,
    endpoint: last.reply.endpoint,
    model: last.reply.model,
    tokens: { counted: last.reply.usage.prompt + last.reply.usage.completion, messages: sent + 1, charsPerToken },
    sent,
    steering: [],
  };
  const isAnswered = countMessages(segment) === sent + 1;
  if (isAnswered && steer === undefined) {
    throw new ActivityFailed(
      FAILURE.invalidInput,
      `Invalid input: fork.round: round ${last.number} is an answer; say with "steer" how to go on from it, or take an earlier round.`,
    );
  }
  if (steer === undefined) return data;
  if (isAnswered) last.followUp = steer.trim();
  else segment.rounds.at(-1)?.notes.push(steeringNotice(steer.trim()));
  return data;
}
