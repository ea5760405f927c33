import type { ServerResponse } from 'node:http';

export interface ReplyUsage {
  prompt_tokens: number;
  completion_tokens: number;
}

/** The text of a reply that calls a tool, in the model's own format. */
export const callText = (name: string, args: object): string =>
  `</think>\n\n<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`;

/** Answers a chat completion with the whole text in one piece of the stream, as vLLM frames it. */
export function streamReply(response: ServerResponse, text: string, usage: ReplyUsage): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(event({ choices: [{ delta: { content: text } }] }));
  response.write(event({ choices: [{ delta: {}, finish_reason: 'stop' }] }));
  response.end(`${event({ choices: [], usage })}data: [DONE]\n\n`);
}

const event = (chunk: object): string => `data: ${JSON.stringify(chunk)}\n\n`;
