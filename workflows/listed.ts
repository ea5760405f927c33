import * as wf from '@temporalio/workflow';
import type { ForkInput } from '../protocol/fork.ts';
import { SEARCH_ATTRIBUTE } from '../protocol/names.ts';
import type { SessionState } from '../protocol/status.ts';

/** What lists of sessions show, which Temporal does without asking a worker. */
export const memoOf = (question: string) => ({ question: question.slice(0, 1000) });

/** Of a session that begins. */
export const AT_START = { [SEARCH_ATTRIBUTE.state]: ['running'], [SEARCH_ATTRIBUTE.rounds]: [0] };

/** Writes the question into the memo, unless the batch that has started the session gave it. */
export function remember(question: string, fork?: ForkInput): void {
  const memo = memoOf(question);
  if (!fork && wf.workflowInfo().memo?.question === memo.question) return;
  wf.upsertMemo({ ...memo, ...(fork && { forkOf: fork.fork.session, forkRound: fork.fork.round }) });
}

/** Tells lists of sessions where this one is, in steps: each change costs history. */
export function stateMarker(): (state: SessionState, rounds: number) => void {
  let shown = markAtStart();
  return (state, rounds) => {
    const mark = markOf(coarse(state), rounds);
    if (mark === shown) return;
    shown = mark;
    wf.upsertSearchAttributes({ [SEARCH_ATTRIBUTE.state]: [coarse(state)], [SEARCH_ATTRIBUTE.rounds]: [rounds] });
  };
}

/** Of what the batch gave it with its start. A later run has the attributes of the one before, and writes its own. */
function markAtStart(): string | undefined {
  const { parent, continuedFromExecutionRunId, searchAttributes } = wf.workflowInfo();
  if (!parent || continuedFromExecutionRunId !== undefined) return undefined;
  const [state] = searchAttributes[SEARCH_ATTRIBUTE.state] ?? [];
  const [rounds] = searchAttributes[SEARCH_ATTRIBUTE.rounds] ?? [];
  return typeof state === 'string' && typeof rounds === 'number' ? markOf(state, rounds) : undefined;
}

const markOf = (state: string, rounds: number): string => `${state} ${Math.floor(rounds / 10)}`;

/** List views tell running sessions from those that wait for somebody. */
const coarse = (state: SessionState): string =>
  ['preparing', 'thinking', 'working', 'summarising', 'answering'].includes(state) ? 'running' : state;
