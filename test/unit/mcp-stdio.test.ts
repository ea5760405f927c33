import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemPrompt } from '../../activities/session/system-prompt.ts';
import { makeTools } from '../../activities/tools/all-tools.ts';
import { type OpenTools, openTools, STDIO } from '../support/mcp/open.ts';

let harbour: OpenTools;
beforeAll(async () => {
  harbour = await openTools({ harbour: STDIO });
}, 60_000);
afterAll(() => harbour?.close());

const pidOf = async () => {
  const { text } = await harbour.call('tide', { harbour: 'Emden' });
  return Number(/process (\d+)/.exec(text)?.[1]);
};

/** Waits until the log has a line. */
async function logged(line: RegExp, tools = harbour): Promise<string> {
  for (;;) {
    const found = tools.log().find((each) => line.test(each));
    if (found !== undefined) return found;
    await sleep(20);
  }
}

test('the tools of a server: names, prompt, which of them run at once', async () => {
  expect(harbour.names).toEqual(['tide', 'book', 'chart', 'depth', 'long', 'slow', 'slow_booking', 'die']);
  expect(harbour.notes).toEqual([]);
  const served = await makeTools({ stateDir: harbour.workspace, ownTools: harbour.tools });
  const tide = served.find(({ name }) => name === 'tide')!;
  expect(tide.schemas.text).toEqual({
    name: 'tide',
    description: 'High water of a harbour.',
    parameters: {
      type: 'object',
      properties: { harbour: { type: 'string', description: 'Name of the harbour' } },
      required: ['harbour'],
    },
  });
  expect(systemPrompt([tide.schemas.text], '2026-01-02')).toContain('"name":"tide"');
  expect(served.filter(({ effectful }) => effectful).map(({ name }) => name)).toContain('book');
  expect(tide.effectful).toBe(false);
});

describe('what the model reads', () => {
  test('a text', async () => {
    expect((await harbour.call('tide', { harbour: 'Emden' })).text).toMatch(
      /^Emden: high water at 12:40 \(process \d+\)$/,
    );
  });

  test('pictures, sounds and resources in words, saved for other tools; links are sources', async () => {
    const { text, sources } = await harbour.call('chart', {}, { callId: 'r7c1' });
    expect(text).toBe(
      [
        'The chart of the bay:',
        '[An image (image/png, 70 bytes): saved as .calls/r7c1/file-1.png]',
        '[A sound (audio/x-strange, 70 bytes): saved as .calls/r7c1/file-2.bin]',
        '[Resource "Bay" at https://charts.example/bay (Soundings)]',
        '[Resource chart://bay/legend]',
        'Depths in metres.',
        '[The resource chart://bay/scan (application/pdf, 70 bytes): saved as .calls/r7c1/file-3.pdf]',
      ].join('\n'),
    );
    expect(sources).toEqual([{ url: 'https://charts.example/bay', title: 'Bay' }]);
    expect(readFileSync(join(harbour.workspace, '.calls/r7c1/file-1.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  test('structured content as JSON, unless the text says the same', async () => {
    expect((await harbour.call('depth')).text).toBe('{ "metres": 7.5 }');
    expect((await harbour.call('depth', { beside: true })).text).toBe('Deep enough.\n{"metres":7.5}');
  });

  test('a long result is cut, and whole in a file', async () => {
    const { text } = await harbour.call('long', { characters: 50_000 }, { callId: 'r8c1' });
    expect(text).toContain('[… 30,000 characters left out; the whole is in .calls/r8c1/result.txt …]');
    expect(text.length).toBeLessThan(20_200);
  });

  test.each([
    ['what the server calls an error', 'tide', { harbour: 'Atlantis' }, 'There is no such harbour.'],
    ['an error without words', 'tide', { harbour: 'Nowhere' }, 'tide failed and does not say why.'],
    ['wrong arguments', 'tide', { harbour: 7 }, 'harbour: Invalid input: expected string, received number'],
  ])('%s is a failure of one sentence', async (_, name, args, sentence) => {
    await expect(harbour.call(name, args)).rejects.toMatchObject({
      name: 'ToolError',
      message: expect.stringContaining(sentence),
    });
  });
});

describe('a server that dies', () => {
  test('with kill -9 between two calls is started again by the next', async () => {
    const before = await pidOf();
    process.kill(before, 'SIGKILL');
    await expect.poll(() => isUp(before)).toBe(false);
    const after = await pidOf();
    expect(after).not.toBe(before);
    expect((await harbour.call('book', { berth: 4 })).text).toBe('Berth 4 is booked.');
  });

  test('during a call that only reads: the call is made again', async () => {
    const call = harbour.call('slow', { seconds: 0.5 });
    const line = await logged(/^slow begins/);
    process.kill(Number(/process (\d+)/.exec(line)?.[1]), 'SIGKILL');
    expect((await call).text).toBe('Here at last.');
    expect(harbour.log().filter((each) => each.startsWith('slow begins'))).toHaveLength(2);
  });

  test('during a call that may change something: it is not made again, and the model is told', async () => {
    const call = harbour.call('slow_booking', { seconds: 30 });
    const line = await logged(/^slow_booking begins/);
    process.kill(Number(/process (\d+)/.exec(line)?.[1]), 'SIGKILL');
    await expect(call).rejects.toMatchObject({
      name: 'ToolError',
      message: 'slow_booking: the MCP server "harbour" was lost during this call; whether it took effect is not known.',
    });
    expect(harbour.log().filter((each) => each.startsWith('slow_booking begins'))).toHaveLength(1);
  });

  test('at each try is a failure that may pass, with a plain sentence at the end', async () => {
    await expect(harbour.call('die')).rejects.toMatchObject({
      name: 'TryLater',
      output: { text: 'die: the MCP server "harbour" gave no result: it ended.', failed: true },
    });
    expect(harbour.log().filter((each) => each.startsWith('die'))).toHaveLength(2);
    expect((await harbour.call('depth')).text).toContain('7.5');
  });
});

describe('once and only once', () => {
  test('a repeated attempt has the record', async () => {
    await harbour.call('book', { berth: 11 }, { callId: 'r20c1' });
    expect((await harbour.call('book', { berth: 11 }, { callId: 'r20c1' })).text).toBe('Berth 11 is booked.');
    expect(harbour.log().filter((line) => line === 'book 11')).toHaveLength(1);
  });

  test('an attempt after one that was cut off does not repeat what may have taken effect', async () => {
    const cut = new AbortController();
    const first = harbour.call('slow_booking', { seconds: 20 }, { callId: 'r21c1', signal: cut.signal });
    const began = harbour.log().filter((line) => line.startsWith('slow_booking begins')).length;
    await expect
      .poll(() => harbour.log().filter((line) => line.startsWith('slow_booking begins')).length)
      .toBe(began + 1);
    cut.abort(new Error('the worker stops'));
    await expect(first).rejects.toThrow('the worker stops');
    await expect(harbour.call('slow_booking', { seconds: 20 }, { callId: 'r21c1' })).rejects.toMatchObject({
      name: 'ToolError',
      message: expect.stringContaining('whether it took effect is not known'),
    });
    expect(harbour.log().filter((line) => line.startsWith('slow_booking begins'))).toHaveLength(began + 1);
  });
});

test('a cancellation reaches the server', async () => {
  const cancel = new AbortController();
  const call = harbour.call('slow', { seconds: 30 }, { signal: cancel.signal });
  const begun = () => harbour.log().filter((line) => line.startsWith('slow begins')).length;
  const before = begun();
  await expect.poll(begun).toBe(before + 1);
  cancel.abort(new Error('CANCELLED'));
  await expect(call).rejects.toThrow('CANCELLED');
  await logged(/^slow is cancelled/);
});

test('a call that takes too long is stopped, and the server goes on', async () => {
  const short = await openTools({ harbour: { ...STDIO, timeoutSeconds: 0.3 } });
  try {
    await expect(short.call('slow', { seconds: 30 })).rejects.toThrow(
      'slow was stopped: it did not finish within 0.3 s.',
    );
    await logged(/^slow is cancelled/, short);
    expect((await short.call('depth')).text).toContain('7.5');
  } finally {
    await short.close();
  }
});

test('closing ends the process', async () => {
  const once = await openTools({ harbour: STDIO });
  const { text } = await once.call('tide', { harbour: 'Emden' });
  const pid = Number(/process (\d+)/.exec(text)?.[1]);
  expect(isUp(pid)).toBe(true);
  await once.close();
  expect(isUp(pid)).toBe(false);
});

function isUp(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
