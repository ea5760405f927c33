import type { Segment } from './trajectory.ts';

type Kind = 'think' | 'tool_call' | 'answer';

interface Tag {
  kind: Kind;
  opens: boolean;
  start: number;
  end: number;
}

function tagsOf(text: string): Tag[] {
  return Array.from(text.matchAll(/<(\/?)(think|tool_call|answer)>/gi), (match) => ({
    kind: match[2]!.toLowerCase() as Kind,
    opens: match[1] === '',
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The tags that stand between an opening and a closing tag of that kind, with no other of that kind between. */
function quotedBy(kind: Kind, tags: Tag[]): Set<Tag> {
  const quoted = new Set<Tag>();
  let waiting: Tag[] | undefined;
  for (const tag of tags) {
    if (tag.kind !== kind) waiting?.push(tag);
    else if (tag.opens) waiting = [];
    else {
      for (const inner of waiting ?? []) quoted.add(inner);
      waiting = undefined;
    }
  }
  return quoted;
}

const isBlank = (text: string): boolean => text.trim() === '';

/** Where a thought that was never closed turns into the reply: at its first call or at its last complete answer. */
function resumesAt(text: string, tags: Tag[]): number {
  const call = tags.find((tag) => tag.kind === 'tool_call' && tag.opens)?.start ?? text.length;
  let opened: number | undefined;
  let answer = text.length;
  for (const tag of tags) {
    if (tag.kind !== 'answer') continue;
    if (tag.opens) opened = tag.start;
    else if (opened !== undefined) {
      answer = opened;
      opened = undefined;
    }
  }
  return Math.min(call, answer);
}

/** Only a tag at the start of a line begins a thought; elsewhere the text speaks of the tag. */
const opensLine = (text: string, from: number, tag: Tag): boolean =>
  /(?:^|\n)[ \t]*$/.test(text.slice(Math.max(from, tag.start - 20), tag.start));

/**
 * Parts an assistant's text into what was thought and what was said, both trimmed and without the think tags.
 *
 * What stands before the last `</think>` is reasoning, also where the server has stripped the opening tag. A
 * `</think>` with nothing after it is passed over if there is an earlier one with text in between. A thought that is
 * never closed ends at its first tool call or its last complete answer, for then the model forgot to close it; with
 * neither, all of it is reasoning. Think tags inside a complete tool call or answer are quoted text and part nothing.
 */
export function splitReply(text: string): { reasoning: string; body: string } {
  const tags = tagsOf(text);
  const inCall = quotedBy('tool_call', tags);
  const inAnswer = quotedBy('answer', tags);
  const thinking = tags.filter((tag) => tag.kind === 'think' && !inCall.has(tag) && !inAnswer.has(tag));

  const lastClose = thinking.findLastIndex((tag) => !tag.opens);
  const from = thinking[lastClose]?.end ?? 0;
  const unclosed = thinking.slice(lastClose + 1).find((tag) => opensLine(text, from, tag));
  const thoughts = [text.slice(0, from)];
  let body = text.slice(from, unclosed?.start);
  if (unclosed) {
    const resumed = resumesAt(text, tags.slice(tags.indexOf(unclosed)));
    thoughts.push(text.slice(unclosed.end, resumed));
    body += text.slice(resumed);
  }
  for (let index = lastClose - 1; index >= 0 && isBlank(body); index -= 1) {
    const tag = thinking[index]!;
    if (tag.opens) continue;
    const next = thinking[index + 1]!;
    body = text.slice(tag.end, next.start);
    if (!isBlank(body)) thoughts[0] = text.slice(0, tag.end) + text.slice(next.start, from);
  }
  const reasoning = thoughts.map((thought) => thought.replace(/<\/?think>/gi, '').trim()).filter(Boolean);
  return { reasoning: reasoning.join('\n'), body: body.trim() };
}

/** The last answer that says something; one that is not closed counts only if there is no complete one. */
function answerIn(body: string): string | undefined {
  const tags = tagsOf(body);
  const inCall = quotedBy('tool_call', tags);
  let opened: Tag | undefined;
  let answer = '';
  for (const tag of tags) {
    if (tag.kind !== 'answer' || inCall.has(tag)) continue;
    if (opened && !tag.opens) answer = body.slice(opened.end, tag.start).trim() || answer;
    opened = tag.opens ? tag : undefined;
  }
  if (answer === '' && opened) answer = body.slice(opened.end).trim();
  return answer === '' ? undefined : answer;
}

/** A call ends at its last closing tag before the next call; one that is not closed reaches to the next, or the end. */
function withoutToolCalls(body: string): string {
  const kept: string[] = [];
  let said = 0;
  let anyCall = false;
  for (const tag of tagsOf(body)) {
    if (tag.kind !== 'tool_call') continue;
    if (tag.opens) {
      kept.push(body.slice(said, tag.start));
      said = body.length;
      anyCall = true;
    } else if (anyCall) said = tag.end;
  }
  kept.push(body.slice(said));
  return kept.join('');
}

/**
 * The content of the last `<answer>…</answer>` that is not empty, trimmed, tags in any case; `undefined` without one.
 * An `<answer>` that is never closed reaches to the end. Thoughts and tool calls are not searched.
 */
export function extractAnswer(text: string): string | undefined {
  return answerIn(splitReply(text).body);
}

/** What the reply tells the user: its answer, else all that was said outside of thoughts and tool calls, trimmed. */
export function finalAnswer(text: string): string {
  const { body } = splitReply(text);
  return (
    answerIn(body) ??
    withoutToolCalls(body)
      .replace(/<\/?answer>/gi, '')
      .trim()
  );
}

/** The answer of a session: that of the last reply in its last segment. */
export function answerOf(segments: readonly Segment[]): string {
  const last = segments.at(-1)?.rounds.findLast((round) => round.reply);
  return last?.reply ? finalAnswer(last.reply.text) : '';
}
