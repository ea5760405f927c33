import { type ChatMessage, isResultsMessage } from '../template.ts';
import { readCalls, type TextCall } from './calls.ts';
import { isFinalNotice, isSummaryRequest, readOpening, readSteering } from './notices.ts';

/** One reply and what came back for it. `results` are in the order of the calls. */
export interface Round {
  calls: TextCall[];
  results: string[];
}

/** What the policy knows: the conversation, read. */
export interface Conversation {
  system: string;
  question: string;
  /** Names of attached files. */
  files: string[];
  /** The question before this one, if this is a follow-up. */
  earlierQuestion?: string;
  /** Replies to this question. */
  rounds: Round[];
  /** Replies to earlier questions. */
  earlierRounds: Round[];
  /** The summary that stands for what was said before. */
  summary?: string;
  /** What the user added, oldest first. */
  steering: string[];
  /** How many of those came since the last reply. */
  freshSteering: number;
  summaryWanted: boolean;
  answerWanted: boolean;
}

export function readConversation(messages: readonly ChatMessage[]): Conversation {
  const conversation: Conversation = {
    system: '',
    question: '',
    files: [],
    rounds: [],
    earlierRounds: [],
    steering: [],
    freshSteering: 0,
    summaryWanted: false,
    answerWanted: false,
  };
  for (const { role, content } of messages) {
    conversation.summaryWanted = false;
    if (role === 'system') {
      conversation.system += content;
    } else if (role === 'assistant') {
      conversation.rounds.push({ calls: readCalls(content), results: [] });
      conversation.freshSteering = 0;
    } else if (isResultsMessage(content)) {
      readResults(conversation, content);
    } else {
      readUserMessage(conversation, content);
    }
  }
  return conversation;
}

function readResults(conversation: Conversation, content: string): void {
  const blocks = content
    .replace(/^<tool_response>\n?|\n?<\/tool_response>$/g, '')
    .split(/\n<\/tool_response>\n<tool_response>\n/);
  const round = conversation.rounds.at(-1);
  const missing = round ? round.calls.length - round.results.length : 0;
  // Only blocks beyond the calls can be the session's own: a document may begin like one of them.
  let extra = blocks.length - Math.max(0, missing);
  for (const block of blocks) {
    if (extra > 0 && readNotice(conversation, block)) extra -= 1;
    else round?.results.push(block);
  }
}

function readNotice(conversation: Conversation, text: string): boolean {
  const steering = readSteering(text);
  if (steering !== undefined) {
    conversation.steering.push(steering);
    conversation.freshSteering += 1;
    return true;
  }
  if (isFinalNotice(text)) {
    conversation.answerWanted = true;
    return true;
  }
  if (isSummaryRequest(text)) {
    conversation.summaryWanted = true;
    return true;
  }
  return false;
}

function readUserMessage(conversation: Conversation, content: string): void {
  const isOpening = conversation.question === '';
  if (!isOpening && readNotice(conversation, content)) return;
  const opening = readOpening(content);
  const { text, files } = splitFiles(opening?.question ?? content);
  if (!isOpening) conversation.earlierQuestion = conversation.question;
  conversation.question = text;
  conversation.files = files;
  conversation.earlierRounds.push(...conversation.rounds);
  conversation.rounds = [];
  conversation.steering = [];
  conversation.freshSteering = 0;
  conversation.answerWanted = false;
  if (opening) conversation.summary = opening.summary;
}

/** Attached files stand at the end of a question, `* name` a line, perhaps below a line that ends in a colon. */
function splitFiles(content: string): { text: string; files: string[] } {
  const lines = content.trimEnd().split('\n');
  const files: string[] = [];
  for (let line = lines.at(-1); line?.startsWith('* '); line = lines.at(-1)) {
    files.unshift(line.slice(2).trim());
    lines.pop();
  }
  if (files.length > 0) {
    while (lines.at(-1)?.trim() === '') lines.pop();
    if (lines.length > 1 && /[:：]\s*$/.test(lines.at(-1) ?? '')) lines.pop();
  }
  return { text: lines.join('\n').trim(), files };
}
