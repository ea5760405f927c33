import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { noticesTo } from '../../client/cli/live-view/notices.ts';
import { watchInTerminal } from '../../client/cli/live-view/watch-in-terminal.ts';
import type { SessionEvent } from '../../client/events.ts';
import { aResult, aRound, aStatus } from './client-fixtures.ts';

test('a notice during the live view is a line of its own; before and after, it is written as it is', async () => {
  let out = '';
  const straight: string[] = [];
  const notices = noticesTo((line) => straight.push(line));
  notices.say('Temporal is here.');
  const events: SessionEvent[] = [
    { type: 'status', status: aStatus() },
    { type: 'round-finished', round: aRound(1) },
    { type: 'answered', result: aResult(), open: false },
  ];
  const session = {
    id: 'mine',
    async *watch() {
      for (const event of events) {
        yield event;
        if (event.type === 'round-finished') notices.say('Temporal runs again.');
      }
    },
  };
  await watchInTerminal(session, { out: { write: (text: string) => (out += text) }, isTTY: true, notices });
  notices.say('Temporal is gone.');
  expect(straight).toEqual(['Temporal is here.', 'Temporal is gone.']);
  expect(stripVTControlCharacters(out)).toMatch(/^ {5}· Temporal runs again\.$/m);
});
