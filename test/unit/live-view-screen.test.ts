import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openScreen } from '../../client/cli/live-view/screen.ts';
import { watchInTerminal } from '../../client/cli/live-view/watch-in-terminal.ts';
import { ResearchFailed } from '../../client/errors.ts';
import type { SessionEvent } from '../../client/events.ts';
import { fakeTerminal } from '../support/terminal.ts';
import { aResult, aRound, aStatus } from './client-fixtures.ts';

// Wherever the tests run, the terminal of these can move its cursor.
beforeAll(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const line = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 19 }).map((text) => `.${text}`);
const step = fc.oneof(
  fc.record({ draw: fc.array(line, { minLength: 1, maxLength: 8 }) }),
  fc.record({ print: fc.array(line, { maxLength: 4 }) }),
);

const asShown = (lines: string[]) =>
  lines
    .map((each) => each.trimEnd())
    .join('\n')
    .trimEnd();

test('whatever is drawn and printed, the screen has the permanent lines and then the last frame', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const terminal = fakeTerminal(21);
      const screen = openScreen(terminal);
      const permanent: string[] = [];
      let frame: string[] = [];
      for (const each of steps) {
        if ('draw' in each) {
          frame = each.draw;
          screen.draw(frame);
        } else {
          permanent.push(...each.print);
          screen.print(each.print);
        }
        expect(terminal.shown()).toBe(asShown([...permanent, ...frame]));
      }
      screen.close();
      expect(terminal.shown()).toBe(asShown(permanent));
      expect(terminal.isHidden()).toBe(false);
    }),
  );
});

test('a frame that has not changed is not written again', () => {
  const terminal = fakeTerminal(80);
  const screen = openScreen(terminal);
  screen.draw(['one', 'two']);
  const before = terminal.written();
  screen.draw(['one', 'two']);
  expect(terminal.written()).toBe(before);
  screen.close();
});

const sessionOf = (events: SessionEvent[]) => ({
  id: 'a-session',
  async *watch({ signal }: { signal?: AbortSignal } = {}) {
    yield* events;
    if (signal) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
});

const ANSWERED: SessionEvent = { type: 'answered', result: aResult(), open: false };

test('a piped view has plain lines and no escape codes', async () => {
  const terminal = fakeTerminal(80);
  const result = await watchInTerminal(
    sessionOf([{ type: 'status', status: aStatus() }, { type: 'round-finished', round: aRound(1) }, ANSWERED]),
    { out: terminal, isTTY: false },
  );
  expect(result).toEqual(aResult());
  expect(terminal.written()).not.toContain('\u001b');
  expect(terminal.written()).toMatch(/^ {2}1 {2}Thought 1\..*\n\nAnswer\nIt is 300 seconds\.\n/);
});

test('on a terminal the live region is gone when the answer is printed', async () => {
  const terminal = fakeTerminal(80);
  await watchInTerminal(sessionOf([{ type: 'status', status: aStatus() }, ANSWERED]), { out: terminal, isTTY: true });
  expect(terminal.isHidden()).toBe(false);
  expect(terminal.shown()).not.toContain('round 1/150');
  expect(terminal.shown()).toContain('It is 300 seconds.');
});

test('leaving resolves to undefined and gives the cursor back', async () => {
  const terminal = fakeTerminal(80);
  const leave = new AbortController();
  const watching = watchInTerminal(sessionOf([{ type: 'status', status: aStatus() }]), {
    out: terminal,
    isTTY: true,
    signal: leave.signal,
  });
  await expect.poll(() => terminal.isHidden(), { timeout: 120_000 }).toBe(true);
  leave.abort();
  expect(await watching).toBeUndefined();
  expect(terminal.isHidden()).toBe(false);
});

test.each<[SessionEvent, ResearchFailed]>([
  [{ type: 'failed', kind: 'failed', message: 'no such model' }, new ResearchFailed('failed', 'no such model')],
  [{ type: 'cancelled', message: 'was cancelled' }, new ResearchFailed('cancelled', 'was cancelled')],
])('%o is thrown', async (event, error) => {
  const watching = watchInTerminal(sessionOf([event]), { out: fakeTerminal(80), isTTY: false });
  await expect(watching).rejects.toThrow(error);
});
