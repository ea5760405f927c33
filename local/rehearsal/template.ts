/**
 * The chat template, with what the Qwen3 family's does to a conversation: replies before the last real question lose
 * their reasoning, later ones get it back in one normal form, and a user message that is wholly tool responses is no
 * question. `readPrompt` goes the other way: the policy reads the prompt, as a model does, so that a reply continued
 * from token ids is the same reply.
 */

export interface ChatMessage {
  role: string;
  content: string;
  /** Reasoning that came apart from the content. */
  reasoning?: string;
}

export interface RenderOptions {
  /** Open the assistant's turn at the end. Default true. */
  addGenerationPrompt?: boolean;
  /** Leave the last message open. Default false. */
  continueFinalMessage?: boolean;
}

const START = '<|im_start|>';
const END = '<|im_end|>';

export const isResultsMessage = (content: string): boolean =>
  content.startsWith('<tool_response>') && content.endsWith('</tool_response>');

export function render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
  const turns = joinToolMessages(messages);
  const lastQuestion = turns.findLastIndex(({ role, content }) => role === 'user' && !isResultsMessage(content));
  const rendered = turns.map((message, index) => {
    const isLast = index === turns.length - 1;
    const body = message.role === 'assistant' ? reply(message, index > lastQuestion, isLast) : message.content;
    const open = isLast && options.continueFinalMessage === true;
    return `${START}${message.role}\n${body}${open ? '' : `${END}\n`}`;
  });
  return rendered.join('') + (options.addGenerationPrompt === false ? '' : `${START}assistant\n`);
}

function reply(message: ChatMessage, afterQuestion: boolean, isLast: boolean): string {
  const { thought, body } = splitThought(message);
  return afterQuestion && (isLast || thought) ? `<think>\n${thought}\n</think>\n\n${body}` : body;
}

function splitThought({ content, reasoning }: ChatMessage): { thought: string; body: string } {
  const end = content.indexOf('</think>');
  if (end < 0) return { thought: (reasoning ?? '').replace(/^\n+|\n+$/g, ''), body: content };
  const thought = content.slice(0, end).split('<think>').at(-1) ?? '';
  const body = content.slice(content.lastIndexOf('</think>') + '</think>'.length);
  return { thought: (reasoning ?? thought).replace(/^\n+|\n+$/g, ''), body: body.replace(/^\n+/, '') };
}

/** Messages of role `tool` become one user message of tool responses. */
function joinToolMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  let joining = false;
  for (const message of messages) {
    const isTool = message.role === 'tool';
    const block = `<tool_response>\n${message.content}\n</tool_response>`;
    const last = turns.at(-1);
    if (isTool && joining && last) last.content += `\n${block}`;
    else turns.push(isTool ? { role: 'user', content: block } : { ...message });
    joining = isTool;
  }
  return turns;
}

/** The conversation in a rendered prompt, and what stands of the reply that is being written. */
export function readPrompt(prompt: string): { messages: ChatMessage[]; partial: string } {
  const turns = prompt.split(START).slice(1);
  if (turns.length === 0) return { messages: [{ role: 'user', content: prompt }], partial: '' };
  const messages: ChatMessage[] = [];
  let partial = '';
  turns.forEach((turn, index) => {
    const lineEnd = turn.indexOf('\n');
    const role = turn.slice(0, lineEnd);
    const end = turn.lastIndexOf(END);
    if (index === turns.length - 1 && end < 0 && role === 'assistant') partial = turn.slice(lineEnd + 1);
    else messages.push({ role, content: turn.slice(lineEnd + 1, end < 0 ? undefined : end) });
  });
  return { messages, partial };
}
