import type { ChatMessage } from '../template.ts';
import { answerText, playedRounds, summaryText } from './answer.ts';
import { type TextCall, writeCall } from './calls.ts';
import { readConversation } from './conversation.ts';
import { gather } from './evidence.ts';
import type { RehearsalOptions } from './options.ts';
import { nextStep, type Situation } from './plan.ts';
import { readQuestion } from './question.ts';
import { readingReply } from './reading.ts';
import { scriptedStep } from './scripted.ts';
import { isChinese } from './terms.ts';
import { offeredTools } from './tools.ts';
import { CHINESE, ENGLISH, padThought, thought } from './wording.ts';

/**
 * The rehearsal model's reply to a conversation: a thought, and tool calls in S1's text format or the answer. A pure
 * function of its arguments: the same conversation always gets the same reply.
 */
export function reply(messages: readonly ChatMessage[], options: RehearsalOptions & { seed?: number } = {}): string {
  const read = options.answer === undefined ? readingReply(messages) : undefined;
  if (read !== undefined) return read;
  const conversation = readConversation(messages);
  const { seed = 0 } = options;
  const isFollowUp = readQuestion(conversation.question).terms.length < 2 && conversation.earlierQuestion !== undefined;
  const context = isFollowUp ? [conversation.earlierQuestion ?? ''] : [];
  const question = readQuestion(conversation.question, [...conversation.steering, ...context]);
  const wording = isChinese(conversation.question) ? CHINESE : ENGLISH;
  const findings = gather(conversation);
  const tools = offeredTools(conversation.system);
  const situation: Situation = { conversation, question, findings, tools, wording };
  const round = playedRounds(conversation) + 1;

  const compose = (sentences: readonly string[], body: string): string => {
    const plain = thought(wording, seed, round, sentences);
    const text = options.thinkChars === undefined ? plain : padThought(plain, options.thinkChars, seed);
    return `<think>\n${text}\n</think>\n\n${body}`;
  };
  const calling = (calls: readonly TextCall[]) => calls.map(writeCall).join('\n');

  if (conversation.summaryWanted) {
    return compose([], `<summary>\n${summaryText(conversation, question, findings)}\n</summary>`);
  }
  const added = conversation.steering.slice(conversation.steering.length - conversation.freshSteering);
  const scripted = scriptedStep(options, situation, round);
  if (scripted) {
    const body = 'text' in scripted ? scripted.text : calling(scripted.calls);
    return compose([...added.map(wording.userAdds), wording.scripted(round)], body);
  }
  const scriptIsOver = options.rounds !== undefined || options.script !== undefined;
  const step = scriptIsOver ? { calls: [], because: added.map(wording.userAdds) } : nextStep(situation);
  if (step.calls.length > 0) return compose(step.because, calling(step.calls));
  return compose(step.because, `<answer>\n${options.answer ?? answerText(question, findings, wording)}\n</answer>`);
}
