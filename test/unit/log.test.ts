import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { log, logTo } from '../../activities/log.ts';
import { Secret } from '../../activities/secret.ts';
import { redact } from '../../protocol/redact.ts';
import { callFields } from '../../worker/log/call-fields.ts';
import { makeLogger } from '../../worker/log/logger.ts';

function written(format: 'auto' | 'text' | 'json', { level = 'info', isTTY = false } = {}) {
  const lines: string[] = [];
  const logger = makeLogger({ level, format, stream: { isTTY, write: (line) => lines.push(line) } });
  return { logger, lines };
}

const META = {
  namespace: 'default',
  taskToken: 'abc',
  activityId: '7',
  activityType: 'search',
  attempt: 2,
  workflowId: 'lamps',
  workflowRunId: 'run-1',
  workflowType: 'deepResearch',
  round: 3,
  call: 'r3c1',
  error: new Error('no answer', { cause: new Error('ECONNREFUSED') }),
};

test('a record is one line of JSON that begins with what it belongs to', () => {
  const { logger, lines } = written('auto');
  logger.warn('Activity failed\nfor now', META);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  const { time, error, ...record } = JSON.parse(lines[0] ?? '');
  expect(new Date(time).getTime()).toBeGreaterThan(0);
  expect(JSON.stringify(record)).toBe(
    JSON.stringify({
      level: 'warn',
      message: 'Activity failed\nfor now',
      workflowId: 'lamps',
      runId: 'run-1',
      workflow: 'deepResearch',
      round: 3,
      call: 'r3c1',
      activity: 'search',
      attempt: 2,
      activityId: '7',
    }),
  );
  expect(error).toMatchObject({ name: 'Error', message: 'no answer', cause: { message: 'ECONNREFUSED' } });
});

test('on a terminal it is a line for people, and records below the level are left out', () => {
  const { logger, lines } = written('auto', { isTTY: true });
  logger.debug('not this');
  logger.info('Model call done', { workflowId: 'lamps', said: 'two words' });
  expect(lines).toEqual([expect.stringMatching(/^\S+Z INFO {2}Model call done workflowId=lamps said="two words"\n$/)]);
});

test('a known secret, and what in addresses lets in, is not written', () => {
  const key = new Secret('sk-planted-in-a-log');
  const headers = new Secret({ authorization: 'Bearer planted-token' });
  const { logger, lines } = written('json');
  logger.error(`refused ${key.reveal()}`, { headers: headers.reveal(), sent: 'planted-token' });
  logger.error('at https://user:pass@host.test/a?b=1&api_key=planted&X-Amz-Signature=planted#x');
  expect(lines.join('')).not.toMatch(/planted|user|pass@/);
  expect(lines[1]).toContain('https://…@host.test/a?b=1&api_key=…&X-Amz-Signature=…#x');
});

test('what is no secret stays as it is', () => {
  for (const text of ['', 'a@b.c', 'https://host.test/?monkeys=1&page=2', 'mailto:a@b.c https://x.test/@name']) {
    expect(redact(text)).toBe(text);
  }
});

test('activities write to their own log, with round and call', async () => {
  const { logger, lines } = written('json');
  logTo(logger);
  log.warn('outside');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', message: 'outside' });

  const placed = async (input: unknown) => {
    const { inbound, outbound } = callFields(new MockActivityEnvironment().context);
    await inbound?.execute?.({ args: [input], headers: {} }, async () => undefined);
    return outbound?.getLogAttributes?.({ attempt: 1 }, (attributes) => attributes);
  };
  expect(await placed({ callId: 'r12c3' })).toEqual({ attempt: 1, round: 12, call: 'r12c3' });
  expect(await placed({ round: 4 })).toEqual({ attempt: 1, round: 4 });
  expect(await placed(undefined)).toEqual({ attempt: 1 });
});
