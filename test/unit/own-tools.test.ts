import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { systemPrompt } from '../../activities/session/system-prompt.ts';
import { makeTools } from '../../activities/tools/all-tools.ts';
import { defineTool, type ToolDefinition } from '../../activities/tools/own-tool.ts';
import { type ToolContext, ToolError } from '../../activities/tools/tool.ts';

let stateDir: string;
beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'own-tools-'));
});
afterAll(() => rmSync(stateDir, { recursive: true }));

const context = (signal = new AbortController().signal): ToolContext => ({
  callId: 'r1c1',
  recorded: unrecorded,
  signal,
  workspace: stateDir,
});

const tide = (more: Partial<ToolDefinition<{ harbour: string; days?: number }>> = {}) =>
  defineTool({
    name: 'tide_table',
    description: 'High water of a harbour.',
    arguments: z.object({ harbour: z.string().describe('Name of the harbour'), days: z.int().min(1).optional() }),
    run: ({ harbour, days = 1 }) => `${harbour}: ${days} days`,
    ...more,
  });

const served = (tool = tide()) => tool.serve({ seconds: 60 });

describe('what the model is told', () => {
  const parameters = {
    type: 'object',
    properties: {
      harbour: { type: 'string', description: 'Name of the harbour' },
      days: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    },
    required: ['harbour'],
  };

  test('the arguments as JSON Schema, the same in the prompt and in an API with native calls', () => {
    const { schemas } = served();
    expect(schemas.text).toEqual({ name: 'tide_table', description: 'High water of a harbour.', parameters });
    expect(schemas.native).toEqual(schemas.text);
    expect(systemPrompt([schemas.text], '2026-01-02')).toContain(
      '{"type":"function","function":{"name":"tide_table","description":"High water of a harbour.","parameters":{"type":"object","properties":{"harbour":{"type":"string","description":"Name of the harbour"}',
    );
  });

  test('what an argument has before it is transformed', () => {
    const tool = defineTool({
      name: 'when',
      description: 'A day.',
      arguments: z.strictObject({ day: z.string().transform((text) => new Date(text)) }),
      run: ({ day }) => day.toISOString(),
    });
    expect(served(tool).schemas.text.parameters).toEqual({
      type: 'object',
      properties: { day: { type: 'string' } },
      required: ['day'],
      additionalProperties: false,
    });
  });

  test('an object without arguments', () => {
    const tool = defineTool({ name: 'now', description: 'The time.', arguments: z.object({}), run: () => 'noon' });
    expect(served(tool).schemas.text.parameters).toEqual({ type: 'object', properties: {}, required: [] });
  });
});

describe('a call', () => {
  test('gets the checked arguments, and gives a text or a text with sources', async () => {
    expect(await served().call({ harbour: 'Emden' }, context())).toEqual({ text: 'Emden: 1 days' });
    const tool = tide({ run: async () => ({ text: 'Low.', sources: [{ url: 'https://tides.example/' }] }) });
    expect(await served(tool).call({ harbour: 'Emden' }, context())).toEqual({
      text: 'Low.',
      sources: [{ url: 'https://tides.example/' }],
    });
  });

  test('with wrong arguments is a sentence that names them', async () => {
    await expect(served().call({ harbour: 7, days: 0 }, context())).rejects.toThrow(
      new ToolError(
        'tide_table: harbour: expected string, got the number 7; days: Too small: expected number to be >=1, got the number 0.',
      ),
    );
  });

  test('checks that ask the world are waited for', async () => {
    const tool = defineTool({
      name: 'open_lock',
      description: 'Opens a lock.',
      arguments: z.object({ lock: z.string().refine(async (lock) => lock === 'east', 'There is no such lock') }),
      run: ({ lock }) => lock,
    });
    expect(await served(tool).call({ lock: 'east' }, context())).toEqual({ text: 'east' });
    await expect(served(tool).call({ lock: 'west' }, context())).rejects.toThrow(
      'open_lock: lock: There is no such lock.',
    );
  });

  test('is stopped at its time limit, and its signal aborts, also where it does not listen', async () => {
    const signals: AbortSignal[] = [];
    const tool = tide({
      timeoutSeconds: 0.05,
      run: (_, { signal }) => {
        signals.push(signal);
        return new Promise<string>(() => {});
      },
    });
    await expect(served(tool).call({ harbour: 'Emden' }, context())).rejects.toThrow(
      new ToolError('tide_table was stopped: it did not finish within 0.05 s.'),
    );
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('never has more time than any tool has', async () => {
    const tool = tide({ timeoutSeconds: 500, run: () => new Promise<string>(() => {}) });
    await expect(tool.serve({ seconds: 0.05 }).call({ harbour: 'Emden' }, context())).rejects.toThrow('within 0.05 s');
  });

  test('ends with the cancellation that its activity got', async () => {
    const cancel = new AbortController();
    const call = served(tide({ run: () => new Promise<string>(() => {}) })).call(
      { harbour: 'Emden' },
      context(cancel.signal),
    );
    cancel.abort(new Error('CANCELLED'));
    await expect(call).rejects.toThrow('CANCELLED');
  });

  test('that is too long shows its beginning and end, and the whole is in a file', async () => {
    const long = `${'a'.repeat(30_000)}${'b'.repeat(30_000)}`;
    const { text } = await served(tide({ run: () => long })).call({ harbour: 'Emden' }, context());
    expect(text).toBe(
      `${'a'.repeat(10_000)}\n[… 40,000 characters left out; the whole is in .calls/r1c1/result.txt …]\n${'b'.repeat(10_000)}`,
    );
    expect(readFileSync(join(stateDir, '.calls/r1c1/result.txt'), 'utf8')).toBe(long);
    const short = await served(tide({ run: () => 'abcdef😀', maxCharacters: 4 })).call({ harbour: 'x' }, context());
    expect(short.text).toMatch(/^ab\n\[… 4 characters left out; .*\]\n😀$/s);
  });

  test('that gives no text is its own fault', async () => {
    const tool = tide({ run: () => JSON.parse('7') });
    await expect(served(tool).call({ harbour: 'x' }, context())).rejects.toThrow(
      'its function gave number, expected a text',
    );
  });
});

describe('what is no tool is refused with one sentence', () => {
  test.each([
    ['', 'Tool "": expected a name of letters, digits, "_" and "-" that begins with a letter, 64 at most.'],
    ['tide table', 'Tool "tide table": expected a name'],
    ['9lives', 'Tool "9lives": expected a name'],
    ['a'.repeat(65), 'expected a name'],
  ])('the name %j', (name, sentence) => {
    expect(() => tide({ name })).toThrow(sentence);
  });

  test('a description that is empty', () => {
    expect(() => tide({ description: ' ' })).toThrow('Tool "tide_table": expected a description');
  });

  test('arguments that are no object, or that no JSON can hold', () => {
    const define = (schema: z.ZodType) => () =>
      defineTool({ name: 'x', description: 'x', arguments: schema, run: () => '' });
    expect(define(z.string())).toThrow('Tool "x": expected its arguments as z.object({ … }).');
    expect(define(z.object({ day: z.date() }))).toThrow(
      /^Tool "x": its arguments cannot be told to a model as JSON Schema \(Date cannot/,
    );
  });

  test('limits that are none', () => {
    expect(() => tide({ timeoutSeconds: 0 })).toThrow('Tool "tide_table": expected timeoutSeconds above 0, got 0.');
    expect(() => tide({ maxCharacters: -1 })).toThrow('Tool "tide_table": expected maxCharacters above 0, got -1.');
  });

  test.each([
    ['visit', "visit is a name of this program's own"],
    ['Bash', "bash is a name of this program's own"],
    ['infer', "infer is a name of this program's own"],
    ['execute_code', "execute_code is a name of this program's own"],
  ])('the name %s, which is taken', async (name, why) => {
    await expect(makeTools({ stateDir, ownTools: [tide({ name })] })).rejects.toThrow(
      `Tool "${name}": ${why}; give it another name.`,
    );
  });

  test('the same name twice', async () => {
    await expect(makeTools({ stateDir, ownTools: [tide(), tide({ name: 'Tide_Table' })] })).rejects.toThrow(
      'Tool "Tide_Table": there is a tool tide_table already; give it another name.',
    );
  });
});

test('own tools come after the nine, in their order', async () => {
  const tools = await makeTools({
    stateDir,
    ownTools: [tide({ name: 'zebra' }), tide({ name: 'ant', effectful: true })],
  });
  expect(tools.map(({ name }) => name).slice(-2)).toEqual(['zebra', 'ant']);
  expect(tools.filter(({ effectful }) => effectful).map(({ name }) => name)).toContain('ant');
  expect(tools.find(({ name }) => name === 'zebra')?.effectful).toBe(false);
});
