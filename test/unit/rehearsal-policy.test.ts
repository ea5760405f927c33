import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readCalls } from '../../local/rehearsal/policy/calls.ts';
import { reply } from '../../local/rehearsal/policy/reply.ts';
import { continuationOpening, lastReplyNotice, SUMMARY_REQUEST, steeringNotice } from '../../protocol/notices.ts';
import { type Message, results, searchResult, systemPrompt, visitResult } from './rehearsal-client.ts';

const DOCS = new URL('../../node_modules/undici/docs/docs/', import.meta.url);
const BODY_TIMEOUT = 'How is the body timeout set, and what is its default?';
const SIGNATURE = 'This answer comes from the rehearsal model, which follows a fixed policy and no language model.';

const ask = (messages: Message[]): string => reply(messages as Parameters<typeof reply>[0]);
const question = (content: string): Message => ({ role: 'user', content });
const answerOf = (text: string) => /<answer>\n([\s\S]*)\n<\/answer>$/.exec(text)?.[1] ?? '';

/** Plays a question against a folder: `answer` gives each call's result. Returns every reply. */
async function research(
  messages: Message[],
  answer: (name: string, args: Record<string, unknown>) => Promise<string> | string,
): Promise<string[]> {
  const replies: string[] = [];
  while (replies.length < 20) {
    const text = ask(messages);
    replies.push(text);
    messages.push({ role: 'assistant', content: text });
    const calls = readCalls(text);
    if (calls.length === 0) return replies;
    messages.push(results(...(await Promise.all(calls.map((call) => answer(call.name, call.arguments))))));
  }
  throw new Error('The policy never answered.');
}

async function undiciDocs(name: string, args: Record<string, unknown>): Promise<string> {
  if (name === 'search') {
    const hits: [string, string, string][] = [
      ['Class: Errors', 'api/Errors.md', 'UND_ERR_BODY_TIMEOUT: no new data arrived before the body timeout elapsed.'],
      ['Class: Client', 'api/Client.md', '`bodyTimeout` {number|null} The timeout, in milliseconds'],
      ['Dispatcher', 'api/Dispatcher.md', '`bodyTimeout` {number|null} The time, in milliseconds'],
      ['Crawling', 'best-practices/crawling.md', 'A crawler should identify itself.'],
    ];
    return (args.query as string[]).map((query) => searchResult(query, hits)).join('\n\n-------\n\n');
  }
  const pages = (args.url as string[]).map(async (url) => {
    return visitResult(url, args.goal as string, (await readFile(new URL(url, DOCS), 'utf8')).slice(0, 20_000));
  });
  return (await Promise.all(pages)).join('\n\n');
}

describe('a question over documents', () => {
  test('is searched, opened and answered with quotations and their files', async () => {
    const user = { role: 'user', content: [{ type: 'text', text: BODY_TIMEOUT }] };
    const messages = [systemPrompt('search', 'visit'), user as unknown as Message];
    const texts = messages.map(({ role, content }) => ({
      role,
      content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
    }));
    const replies = await research(texts, undiciDocs);
    expect(
      replies
        .slice(0, 2)
        .flatMap(readCalls)
        .map(({ name }) => name),
    ).toEqual(['search', 'visit']);
    expect(readCalls(replies[0] ?? '')[0]?.arguments.query).toContain('bodyTimeout');
    expect(readCalls(replies[1] ?? '')[0]?.arguments).toMatchObject({ goal: BODY_TIMEOUT });
    const answer = answerOf(replies.at(-1) ?? '');
    const client = (await readFile(new URL('api/Client.md', DOCS), 'utf8')).replace(/\s+/g, ' ');
    const quoted = [...answer.matchAll(/“(.+)” — (.+)/g)].map(([, text, source]) => ({ text, source }));
    const fromClient = quoted.find(({ source }) => source === 'api/Client.md');
    expect(fromClient?.text).toMatch(/^`bodyTimeout`.*300e3/);
    expect(client).toContain(fromClient?.text);
    expect(quoted.map(({ source }) => source)).toContain('api/Dispatcher.md');
    expect(answer.endsWith(SIGNATURE)).toBe(true);
  });

  test.each([
    [
      '请求体超时怎么设置？默认值是多少？',
      '- 请求体超时：参数 `bodyTimeout`，默认值为 300 秒。\n- 连接超时：默认 10 秒。',
      '默认值为 300 秒',
    ],
    [
      '这个项目是谁在什么时候创立的？',
      '项目主页见官网。该项目由王小明于2019年3月在杭州创立。现在有很多人用。',
      '王小明于2019年3月',
    ],
    ['日志保留多少天？', '# 日志\n日志文件每天轮换一次，保留 30 天。\n\n# 备份\n备份保留很久。', '保留 30 天'],
  ])('is answered in Chinese: %s', async (asked, evidence, expected) => {
    const messages = [systemPrompt('search', 'visit'), question(asked)];
    const replies = await research(messages, (name, args) =>
      name === 'search'
        ? (args.query as string[])
            .map((query) => searchResult(query, [['手册', '文档/手册.md', '']]))
            .join('\n\n-------\n\n')
        : visitResult('文档/手册.md', asked, evidence),
    );
    const answer = answerOf(replies.at(-1) ?? '');
    expect(answer).toMatch(new RegExp(`“.*${expected}.*” — 文档/手册\\.md`));
    expect(answer).toContain('不使用任何语言模型');
  });

  test('is answered from the document whose title names its subject, and from no other that shares a common word', async () => {
    const pages: Record<string, string> = {
      'lampwright.md':
        '[Lampwright > Options]\n| Option | Values | Preset |\n| `wickStyle` | `flat` or `round` | `flat` |',
      'tide-record.md':
        '[Tide record > Setting up]\nEach keeper may set the hour of the reading, as it suits the season.',
    };
    const messages = [systemPrompt('search', 'visit'), question('What does wickStyle set in Lampwright?')];
    const replies = await research(messages, (name, args) => {
      if (name === 'visit') {
        const urls = args.url as string[];
        return urls.map((url) => visitResult(url, String(args.goal), pages[url] ?? '')).join('\n\n');
      }
      const hits = Object.keys(pages).map((path): [string, string, string] => [path.slice(0, -3), path, '']);
      return (args.query as string[]).map((query) => searchResult(query, hits)).join('\n\n-------\n\n');
    });
    const answer = answerOf(replies.at(-1) ?? '');
    expect(answer).toContain('| `wickStyle` | `flat` or `round` | `flat` |');
    expect(answer).not.toMatch(/tide-record|Not covered|Lampwright > Options/);
  });

  test('whose verb no passage has is answered without a word of what is missing', async () => {
    const asked = 'How does Lampwright handle wickTurns, and what is its default?';
    const page = '[Lampwright > Options]\n`wickTurns` is the number of turns of the wick; its default is `3`.';
    const replies = await research([systemPrompt('search', 'visit'), question(asked)], (name, args) =>
      name === 'visit'
        ? visitResult('lampwright.md', asked, page)
        : (args.query as string[])
            .map((query) => searchResult(query, [['lampwright', 'lampwright.md', '']]))
            .join('\n\n-------\n\n'),
    );
    expect(answerOf(replies.at(-1) ?? '')).toContain('its default is `3`');
    expect(replies.join('\n')).not.toMatch(/Not covered|Nothing yet on handle/);
  });

  test('whose search finds nothing is searched in other words, and answered with what is missing', async () => {
    const messages = [systemPrompt('search', 'visit'), question('Who painted the Nightwatch?')];
    const replies = await research(messages, (_, args) =>
      (args.query as string[]).map((query) => searchResult(query, [])).join('\n\n-------\n\n'),
    );
    const queries = replies.flatMap(readCalls).flatMap((call) => call.arguments.query as string[]);
    expect(new Set(queries).size).toBe(queries.length);
    expect(queries.length).toBeGreaterThan(2);
    expect(answerOf(replies.at(-1) ?? '')).toContain('I found no passage about');
  });

  test('whose tools all fail is answered in the end', async () => {
    const replies = await research([systemPrompt('search', 'visit'), question(BODY_TIMEOUT)], () => 'The tool failed.');
    expect(answerOf(replies.at(-1) ?? '')).toContain(SIGNATURE);
  });
});

test('attached files are parsed first, images are asked about', () => {
  const content = 'How many rows has the table?\n\nAttached files:\n* data/table.csv\n* shot.png';
  const calls = readCalls(ask([systemPrompt('search', 'parse_file', 'ask_question_about_image'), question(content)]));
  expect(calls).toEqual([
    { name: 'parse_file', arguments: { files: ['data/table.csv'] } },
    {
      name: 'ask_question_about_image',
      arguments: { image_path: 'shot.png', question: 'How many rows has the table?' },
    },
  ]);
});

test.each([
  [
    'in a list of tools',
    '<tools>\n{"name": "google_scholar"}\n</tools>\n{"name": "search", "arguments": {}}',
    'google_scholar',
  ],
  ['as JSON', '{"name": "search", "description": "…"} A call: {"name": "google_scholar", "arguments": {}}', 'search'],
  ['in plain words', 'You may use `google_scholar` to find papers.', 'google_scholar'],
])('only tools that the system prompt offers %s are called', (_, content, expected) => {
  const calls = readCalls(ask([{ role: 'system', content }, question(BODY_TIMEOUT)]));
  expect(calls.map(({ name }) => name)).toEqual([expected]);
});

test('without any tool it answers at once, with nothing found', () => {
  const answer = answerOf(ask([question(BODY_TIMEOUT)]));
  expect(answer).toContain('I found no passage about body, timeout, set and default.');
  expect(answer.endsWith(SIGNATURE)).toBe(true);
});

describe('what the session says in a block of its own', () => {
  const start = (): Message[] => {
    const messages = [systemPrompt('search', 'visit'), question(BODY_TIMEOUT)];
    return [...messages, { role: 'assistant', content: ask(messages) }];
  };
  const hits = searchResult('q', [['Client', 'api/Client.md', '`bodyTimeout` is 300 seconds by default.']]);

  test('steering is mentioned and searched for', () => {
    const text = ask([...start(), results(hits, steeringNotice('Only the H2CClient matters.'))]);
    expect(text).toContain('The user adds: “Only the H2CClient matters.”');
    expect(readCalls(text)[0]?.arguments.query).toContainEqual(expect.stringContaining('H2CClient'));
  });

  test('after the notice that tools are over it answers with what it has', () => {
    const answer = answerOf(ask([...start(), results(hits, lastReplyNotice('finished_early'))]));
    expect(answer).toContain('“`bodyTimeout` is 300 seconds by default.” — api/Client.md');
  });

  test('a document that only looks like a notice is none', () => {
    const text = ask([...start(), results(lastReplyNotice('finished_early'))]);
    expect(readCalls(text)).not.toEqual([]);
  });

  test.each(['block', 'message'])('the summary asked for in a %s carries question and findings over', (form) => {
    const end = form === 'block' ? [results(hits, SUMMARY_REQUEST)] : [results(hits), question(SUMMARY_REQUEST)];
    const summary = /<summary>\n([\s\S]*)\n<\/summary>$/.exec(ask([...start(), ...end]))?.[1] ?? '';
    expect(summary).toContain(BODY_TIMEOUT);
    expect(summary).toContain('Rounds played: 1');
    const next = [systemPrompt('search'), question(continuationOpening(BODY_TIMEOUT, summary))];
    const answer = answerOf(ask([...next, { role: 'assistant', content: 'x' }, results(lastReplyNotice('timeout'))]));
    expect(answer).toContain('“`bodyTimeout` is 300 seconds by default.” — api/Client.md');
  });
});

test('a follow-up question is searched for by itself, with what was read before at hand', () => {
  const messages = [
    systemPrompt('search'),
    question(BODY_TIMEOUT),
    { role: 'assistant', content: '<answer>300 s</answer>' },
  ];
  const text = ask([...messages, question('What does the pipelining factor do?')]);
  expect(readCalls(text)[0]?.arguments.query).toContainEqual(expect.stringContaining('pipelining factor'));
});
