/** What the session itself says to the model, each as the text of a `<tool_response>` block. */

const STEERING = ['Message from the user:\n', '\nTake it into account in everything that follows.'] as const;

export const steeringNotice = (text: string): string => STEERING.join(text);

/** The person's text within a notice; undefined where the note is another. */
export function steeringIn(note: string): string | undefined {
  const [before, after] = STEERING;
  if (!note.startsWith(before) || !note.endsWith(after)) return undefined;
  return note.slice(before.length, note.length - after.length);
}

const LAST_REPLY_REASONS = {
  max_rounds_exceeded: 'The number of rounds for this question is used up.',
  finished_early: 'The user asks for the answer now.',
  timeout: 'The time for this question is used up.',
  context_exceeded: 'The conversation has reached its greatest length.',
} as const;

export type LastReplyReason = keyof typeof LAST_REPLY_REASONS;

const NO_MORE_CALLS = 'No more tool calls are possible.';

export const lastReplyNotice = (reason: LastReplyReason): string =>
  [
    NO_MORE_CALLS,
    LAST_REPLY_REASONS[reason],
    'Give your final answer now, inside <answer></answer>, from what you have found so far. Say what remains uncertain.',
  ].join('\n');

export const isLastReplyNotice = (text: string): boolean => text.startsWith(NO_MORE_CALLS);

export const notRunNotice = (reason: LastReplyReason): string => `This call was not run. ${LAST_REPLY_REASONS[reason]}`;

export const stoppedNotice = (reason: LastReplyReason): string =>
  `This call was stopped before it ended. ${LAST_REPLY_REASONS[reason]}`;

export const refusedNotice = (reason: string): string =>
  `A person refused this call.${reason ? ` Reason: ${reason}` : ''} Go on without it.`;

export const undecidedNotice = (seconds: number): string =>
  `This call waited ${seconds} s for a person's approval, and nobody decided. Go on without it.`;

/** Asks for the summary that replaces the transcript at a context reset. */
export const SUMMARY_REQUEST = [
  'The conversation is about to be cut here, because its context is nearly full. You will go on with the task, but you',
  'will see nothing of the above except what you write now. Write a continuation summary inside <summary></summary>:',
  "1. The task: the user's question word for word, with every condition and every wish about the form of the answer.",
  '2. The state: what has been done so far, and which parts of the question are settled.',
  '3. Findings: facts, numbers, names and quotations, each with its source (URL or file); contradictions as well.',
  '4. Dead ends: searches and pages that gave nothing, so that they are not tried again.',
  '5. Next steps, in order.',
  '6. Files of the workspace and anything else that must be kept.',
  'Call no tool.',
].join('\n');

/** The first user message after a context reset. `added`: what the user has said since, word for word. */
export const continuationOpening = (question: string, summary: string, added: readonly string[] = []): string =>
  [
    "You are in the middle of a research task. The user's question was:",
    question,
    '',
    ...(added.length > 0 ? [...addedSince(added), ''] : []),
    'The conversation so far was replaced by this summary:',
    summary,
    '',
    'Go on from here.',
  ].join('\n');

/** What the user has said since the question, as lines. */
export const addedSince = (added: readonly string[]): string[] => [
  'The user has added since, and it holds for everything that follows:',
  ...added.map((text) => `- ${text}`),
];

export const EMPTY_REPLY_NOTICE = [
  'Your last reply held neither a tool call nor an answer.',
  'Go on: call a tool, or give the final answer inside <answer></answer>.',
].join('\n');
