import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { McpServersFailed } from '../../activities/mcp/index.ts';
import { McpServer } from '../../activities/mcp/server.ts';
import { serveTools } from '../../activities/mcp/tools.ts';
import { takenNames } from '../../activities/tools/all-tools.ts';
import type { ConfigurationError } from '../../worker/configuration/error.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { oddServer } from '../support/mcp/odd-server.ts';
import { openTools, STDIO, settingsOf } from '../support/mcp/open.ts';

/** As it stands in a configuration. */
const variable = (name: string) => `\${${name}}`;

const node = (code: string, more = {}) => ({ command: process.execPath, args: ['-e', code], ...more });

describe('a server that cannot be started is one sentence', () => {
  test.each([
    [{ command: 'no-such-program-here' }, 'there is no program "no-such-program-here"'],
    [
      node('console.error("The key k-123456 is no good"); process.exit(3)', { env: { KEY: 'k-123456' } }),
      'it ended; its last words: The key [secret] is no good',
    ],
    [node('console.log("hello")'), 'it ended'],
    [{ url: 'http://127.0.0.1:9/mcp' }, 'no server answers at http://127.0.0.1:9/mcp (bad port)'],
  ])('%j', async (server, reason) => {
    const failed = await openTools({ one: server }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(McpServersFailed);
    expect((failed as Error).message).toBe(`the MCP server "one" cannot be used: ${reason}`);
  });

  test('all of them are told, and those that run are ended', async () => {
    const failed = await openTools({ good: STDIO, bad: { command: 'nope-1' }, worse: { command: 'nope-2' } }).catch(
      (error: Error) => error,
    );
    expect((failed as Error).message.split('\n')).toEqual([
      'the MCP server "bad" cannot be used: there is no program "nope-1"',
      'the MCP server "worse" cannot be used: there is no program "nope-2"',
    ]);
  });
});

describe('a server that answers with nonsense', () => {
  const odd = (list: unknown, result?: unknown) => openTools({ odd: node(oddServer(list, result)) });
  const good = { name: 'good', inputSchema: { type: 'object' } };

  test('in its list: the tools that can be read are served', async () => {
    const tools = await odd({ tools: [{ name: 7 }, null, good, { name: 'b', inputSchema: [] }] });
    expect(tools.names).toEqual(['good']);
    expect(tools.notes).toEqual(['The MCP server "odd": 3 of its tools cannot be read.']);
    await tools.close();
  });

  test.each([
    [{ tools: [] }, 'it has no tools'],
    [{ tools: 'many' }, 'its list of tools cannot be had: its answer is not as the protocol has it'],
    [{}, 'its list of tools cannot be had: its answer is not as the protocol has it'],
  ])('%j for a list', async (list, reason) => {
    await expect(odd(list)).rejects.toThrow(`the MCP server "odd" cannot be used: ${reason}`);
  });

  test('for a result: a failure that is final', async () => {
    const tools = await odd({ tools: [good] }, { content: 'no list' });
    await expect(tools.call('good')).rejects.toMatchObject({
      name: 'ToolError',
      message: 'good: the MCP server "odd" gave no result: its answer is not as the protocol has it.',
    });
    await tools.close();
  });
});

describe('tools as strangers define them', () => {
  const [settings] = settingsOf({ 'the harbour': STDIO });
  const serve = (listed: object[], more = {}) => {
    const server = new McpServer({ ...settings!, ...more }, 'test');
    const { tools, notes } = serveTools(
      server,
      { tools: listed as never, unreadable: 0 },
      new Set(takenNames().keys()),
    );
    const served = tools.map((tool) => tool.serve({ seconds: 1 }));
    return { names: tools.map(({ name }) => name), served, notes };
  };
  const inputSchema = { type: 'object' };

  test.each([
    ['search', 'the_harbour_search'],
    ['BASH', 'the_harbour_BASH'],
    ['infer', 'the_harbour_infer'],
    ['constructor', 'the_harbour_constructor'],
    ['__proto__', 'the_harbour___proto__'],
    ['a b/c', 'the_harbour_a_b_c'],
    ['9lives', 'the_harbour_9lives'],
    ['', 'the_harbour_'],
    ['潮汐', 'the_harbour__'],
    ['x'.repeat(200), `the_harbour_${'x'.repeat(52)}`],
    ['fine-name', 'fine-name'],
  ])('the name %j', (name, ours) => {
    expect(serve([{ name, inputSchema }]).names).toEqual([ours]);
  });

  test('names that become the same are told apart', () => {
    expect(
      serve([
        { name: 'a b', inputSchema },
        { name: 'a/b', inputSchema },
        { name: 'A b', inputSchema },
      ]).names,
    ).toEqual(['the_harbour_a_b', 'the_harbour_a_b_2', 'the_harbour_A_b_3']);
  });

  test('the same tool twice is served once, and that is said', () => {
    expect(
      serve([
        { name: 'a', inputSchema },
        { name: 'a', inputSchema },
      ]),
    ).toMatchObject({
      names: ['a'],
      notes: ['The MCP server "the harbour": its tool "a" is there twice; the first is served.'],
    });
  });

  test('a schema that would fill the prompt is left out, and so is one nested without end', () => {
    let nested: object = {};
    for (let depth = 0; depth < 200_000; depth += 1) nested = { items: nested };
    const { names, notes } = serve([
      { name: 'huge', inputSchema: { type: 'object', properties: { a: { description: 'x'.repeat(30_000) } } } },
      { name: 'deep', inputSchema: { type: 'object', properties: { a: nested } } },
      { name: 'small', inputSchema },
    ]);
    expect(names).toEqual(['small']);
    expect(notes).toEqual([
      'The MCP server "the harbour": its tool "huge" is not served: its schema has more than 20,000 characters.',
      'The MCP server "the harbour": its tool "deep" is not served: its schema has more than 20,000 characters.',
    ]);
  });

  test('a description that is long is cut, one that is missing is made', () => {
    const { served } = serve([
      { name: 'a', inputSchema, description: 'y'.repeat(9_000) },
      { name: 'b', inputSchema },
    ]);
    expect(served.map(({ schemas }) => schemas.text.description)).toEqual([
      `${'y'.repeat(4_000)}…`,
      'The tool b of the MCP server the harbour.',
    ]);
  });

  test('fields that are no schema become an object without arguments', () => {
    const { served } = serve([{ name: 'a', inputSchema: { type: 'array', properties: 'none', required: [1, 'b'] } }]);
    expect(served[0]?.schemas.text.parameters).toEqual({ type: 'object', properties: {}, required: ['b'] });
  });

  test('thousands of tools are cut to those a prompt bears', () => {
    const { names, notes } = serve(Array.from({ length: 3_000 }, (_, index) => ({ name: `t${index}`, inputSchema })));
    expect(names).toHaveLength(128);
    expect(notes).toEqual([
      'The MCP server "the harbour": it has more than 128 tools; choose some of them with "tools".',
    ]);
  });

  test('only those that are asked for, and what is missing is said', () => {
    expect(
      serve(
        [
          { name: 'a', inputSchema },
          { name: 'b', inputSchema },
        ],
        { tools: ['b', 'c'] },
      ),
    ).toMatchObject({
      names: ['b'],
      notes: ['The MCP server "the harbour": it has no tool "c".'],
    });
  });
});

describe('the configuration', () => {
  const problems = (given: unknown, env: NodeJS.ProcessEnv = {}) => {
    try {
      settingsOf(given as never, env);
      return [];
    } catch (error) {
      return (error as ConfigurationError).problems.map((line) => line.replace('DEEP_RESEARCH_MCP_SERVERS: ', ''));
    }
  };

  test.each([
    [{ a: {} }, ['mcpServers.a: expected either command or url.']],
    [{ a: { command: 'x', url: 'http://b/' } }, ['mcpServers.a: expected either command or url.']],
    [{ a: { comand: 'x' } }, /comand: there is no such field; did you mean command\?/],
    [{ a: { url: 'ftp://b' } }, ['mcpServers.a.url: expected an http or https URL.']],
    [{ a: { type: 'sse', url: 'http://b/' } }, /type: expected stdio or http \(the older transport "sse"/],
    [{ a: { type: 'http', command: 'x' } }, ['mcpServers.a.type: "http" does not go with command.']],
    [{ a: { command: 'x', env: { A: 7 } } }, ['mcpServers.a.env: expected an object of texts.']],
    [
      { a: { command: 'x', args: [variable('NOT_THERE_1')] } },
      ['mcpServers.a: it names NOT_THERE_1, which is not set.'],
    ],
    [{ 'a\n': { command: 'x' } }, /expected names of servers/],
    [{ a: [] }, ['mcpServers.a: expected an object.']],
  ])('%j', (given, expected) => {
    if (expected instanceof RegExp) expect(problems(given).join('\n')).toMatch(expected);
    else expect(problems(given)).toEqual(expected);
  });

  test('variables of the environment stand for secrets, which are not shown', () => {
    const [server] = settingsOf(
      {
        far: {
          url: `https://${variable('HOST:-mcp.example')}/mcp`,
          headers: { Authorization: `Bearer ${variable('FAR_KEY')}` },
        },
      },
      { FAR_KEY: 'very-secret' },
    );
    expect(server?.transport.kind === 'address' && server.transport.headers.reveal()).toEqual({
      Authorization: 'Bearer very-secret',
    });
    expect(server?.transport).toMatchObject({ shown: 'https://mcp.example/mcp' });
    expect(JSON.stringify(server)).not.toContain('very-secret');
  });

  test('the servers themselves may stand in the configuration file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-settings-'));
    try {
      const file = join(folder, 'settings.json');
      writeFileSync(file, JSON.stringify({ DEEP_RESEARCH_MCP_SERVERS: { mcpServers: { a: { command: 'x' } } } }));
      const { mcpServers } = readConfiguration({ S1_DR_CONFIG_JSON: file }, { needsModel: false });
      expect(mcpServers.map(({ name }) => name)).toEqual(['a']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a file: relative paths begin beside it; a server may be disabled', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-file-'));
    try {
      const file = join(folder, 'mcp.json');
      writeFileSync(file, JSON.stringify({ mcpServers: { a: { command: 'x' }, b: { command: 'y', disabled: true } } }));
      const servers = settingsOf({}, { DEEP_RESEARCH_MCP_SERVERS: file });
      expect(servers.map(({ name, transport }) => [name, transport])).toMatchObject([['a', { cwd: folder }]]);
      writeFileSync(file, '{"mcpServers": {"a": {"env": {"KEY": "very-secret"}},,}');
      expect(() => settingsOf({}, { DEEP_RESEARCH_MCP_SERVERS: file })).toThrow(
        `DEEP_RESEARCH_MCP_SERVERS: the file "${file}" is not JSON.`,
      );
      expect(() => settingsOf({}, { DEEP_RESEARCH_MCP_SERVERS: join(folder, 'none.json') })).toThrow(
        `the file "${join(folder, 'none.json')}" cannot be read (ENOENT).`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
