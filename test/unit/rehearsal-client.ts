import { type Rehearsal, type RehearsalOptions, startRehearsal } from '../../local/rehearsal/server.ts';

/** A plain client of the rehearsal model, for its tests. */

export interface Message {
  role: string;
  content: string | { type: string; text: string }[];
}

/** An answer's JSON, whose shape is what the tests are about. */
// biome-ignore lint/suspicious/noExplicitAny: the tests look into JSON of many shapes
export type Json = any;

export interface Client extends Rehearsal {
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<{ status: number; body: Json }>;
  chat(body: Record<string, unknown>): Promise<Json>;
  /** Text of the reply to a conversation. */
  reply(messages: readonly Message[], rehearsal?: object, seed?: number): Promise<string>;
  /** Every event of a stream; the last is the string `[DONE]` of a stream that ended well. */
  events(path: string, body: Record<string, unknown>, signal?: AbortSignal): AsyncGenerator<Json>;
  metric(name: string): Promise<number>;
}

export async function withRehearsal(options: RehearsalOptions, run: (client: Client) => Promise<void>): Promise<void> {
  const server = await startRehearsal(options);
  try {
    await run(clientOf(server));
  } finally {
    await server.close();
  }
}

function clientOf(server: Rehearsal): Client {
  const send = (path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });

  const post: Client['post'] = async (path, body, headers) => {
    const response = await send(path, body, headers);
    return { status: response.status, body: await response.json() };
  };
  const chat: Client['chat'] = async (body) => {
    const answer = await post('/v1/chat/completions', { model: 'rehearsal', ...body });
    if (answer.status !== 200) throw new Error(`Status ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    ...server,
    post,
    chat,
    reply: async (messages, rehearsal = {}, seed = 0) =>
      (await chat({ messages, rehearsal, seed })).choices[0].message.content,
    async *events(path, body, signal) {
      const response = await send(path, { model: 'rehearsal', stream: true, ...body }, {}, signal);
      if (!response.body) throw new Error('The answer has no body.');
      let rest = '';
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + part).split('\n\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield line === 'data: [DONE]' ? '[DONE]' : JSON.parse(line.slice('data: '.length));
      }
      if (rest !== '') throw new SyntaxError(`The stream ended within an event: ${rest}`);
    },
    async metric(name) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const line = text.split('\n').find((row) => row.startsWith(`${name}{`));
      return Number(line?.split(' ').at(-1));
    },
  };
}

/** A system prompt that offers tools the way S1's does. */
export const systemPrompt = (...tools: string[]): Message => ({
  role: 'system',
  content: `You research.\n<tools>\n${tools.map((name) => JSON.stringify({ name, parameters: {} })).join('\n')}\n</tools>\nCurrent date: 2026-01-01`,
});

export const results = (...texts: string[]): Message => ({
  role: 'user',
  content: texts.map((text) => `<tool_response>\n${text}\n</tool_response>`).join('\n'),
});

export const searchResult = (query: string, hits: [title: string, url: string, snippet: string][]): string =>
  [
    `A Search for '${query}' found ${hits.length} results:`,
    '',
    '## Web Results',
    ...hits.map(([title, url, snippet], index) => `${index + 1}. [${title}](${url})\nSource: folder\n\n${snippet}\n`),
  ].join('\n');

export const visitResult = (url: string, goal: string, evidence: string): string =>
  `The useful information in ${url} for user goal ${goal} as follows: \n\nEvidence in page: \n${evidence}\n\nSummary: \n${url} was read.`;

/** Waits for something that another process or connection brings about. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited 10 s in vain for: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
