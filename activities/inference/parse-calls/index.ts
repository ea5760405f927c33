import { splitReply } from '../../../protocol/answer.ts';
import type { Call } from '../../../protocol/reply.ts';
import { TOOL_NAMES } from '../../../protocol/tool-call.ts';
import { type Allowance, readBlock } from './block.ts';
import { UNREADABLE } from './interpret.ts';
import { tooManyFailed } from './wording.ts';

/** A model that has lost itself repeats a broken call hundreds of times; it need not be told each time. */
const MAX_FAILED = 32;

const OPENING = /<tool_call>|<answer>/gi;
const ANSWER_CLOSE = /<\/answer>/gi;

/** The index after the next `<tool_call>`; those quoted in a complete answer are passed over. */
function nextCall(text: string, from: number, lastAnswerEnd: number): number | undefined {
  OPENING.lastIndex = from;
  for (let match = OPENING.exec(text); match; match = OPENING.exec(text)) {
    if (/^<t/i.test(match[0])) return OPENING.lastIndex;
    if (OPENING.lastIndex > lastAnswerEnd) continue;
    ANSWER_CLOSE.lastIndex = OPENING.lastIndex;
    ANSWER_CLOSE.exec(text);
    OPENING.lastIndex = ANSWER_CLOSE.lastIndex;
  }
  return undefined;
}

function limitFailed(calls: Call[]): Call[] {
  const dropped = new Set(calls.filter((call) => call.error !== undefined).slice(MAX_FAILED));
  if (dropped.size === 0) return calls;
  const error = tooManyFailed(dropped.size);
  return [...calls.filter((call) => !dropped.has(call)), { name: UNREADABLE, arguments: {}, error }];
}

/**
 * Reads the tool calls of an assistant's raw text, in their order. Never throws, and takes time in proportion to the
 * text's length.
 *
 * Calls in a thought that ends with `</think>` and calls quoted in a complete `<answer>` are no calls. Slips with one
 * possible meaning are mended; a call that cannot be read, names a tool not in `available`, or whose arguments are no
 * object has an `error` for the model and empty arguments. The arguments' own fields are not checked here.
 *
 * @param available model-facing names of the tools on offer; default all
 */
export function parseCalls(text: string, available: readonly string[] = TOOL_NAMES): Call[] {
  const { body } = splitReply(text);
  const lastAnswerEnd = Array.from(body.matchAll(ANSWER_CLOSE)).at(-1)?.index ?? -1;
  // Enough for every honest reply, where at most a few calls are read again.
  const allowance: Allowance = { characters: 4 * body.length };
  const calls: Call[] = [];
  let from = nextCall(body, 0, lastAnswerEnd);
  while (from !== undefined) {
    const block = readBlock(body, from, available, allowance);
    for (const call of block.calls) calls.push(call);
    from = nextCall(body, block.end, lastAnswerEnd);
  }
  return limitFailed(calls);
}
