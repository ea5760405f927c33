import { afterEach, expect, test } from 'vitest';
import { askModel } from '../../activities/inference/ask-model.ts';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import { type Fleet, makeFleet } from '../../activities/inference/fleet/index.ts';
import { type Rehearsal, startRehearsal } from '../../local/rehearsal/server.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function servers(...roles: Endpoint['roles'][]): Promise<{ fleet: Fleet; models: Rehearsal[] }> {
  const models = await Promise.all(roles.map(() => startRehearsal({ keepBodies: true })));
  const fleet = makeFleet(
    models.map(({ url }, index) => ({
      name: `e${index}`,
      url,
      model: 'rehearsal',
      format: 'deep_research',
      weight: 1,
      roles: roles[index] ?? [],
    })),
  );
  open.push(fleet, ...models);
  return { fleet, models };
}

const question = (change: Partial<Parameters<typeof askModel>[1]> = {}): Parameters<typeof askModel>[1] => ({
  role: 'pages',
  messages: [{ role: 'user', content: 'What is said here?' }],
  model: { extraBody: { rehearsal: { rounds: 0, answer: 'That it rains.' } } },
  signal: new AbortController().signal,
  ...change,
});

const chats = ({ requests }: Rehearsal) => requests.list().filter(({ path }) => path.endsWith('completions'));

test('a tool’s question goes to an endpoint of its role and comes back without the thought', async () => {
  const { fleet, models } = await servers(['research'], ['pages']);
  const answer = await askModel(fleet, question());
  expect(answer.endpoint).toBe('e1');
  expect(answer.text).toContain('That it rains.');
  expect(answer.text).not.toContain('think>');
  expect(answer.usage.completion).toBeGreaterThan(0);
  expect(models.map((model) => chats(model).length)).toEqual([0, 1]);
});

test('without an endpoint for pages a research endpoint reads them', async () => {
  const { fleet } = await servers(['research']);
  expect((await askModel(fleet, question())).endpoint).toBe('e0');
  await expect(askModel(fleet, question({ role: 'vision' }))).rejects.toThrow('role "vision"');
});

test('an endpoint’s fault is met at another endpoint, a refused request is not repeated', async () => {
  const { fleet, models } = await servers(['pages'], ['pages']);
  for (const model of models) model.faults.add({ kind: 'status', status: 400, body: { error: { message: 'no' } } });
  await expect(askModel(fleet, question())).rejects.toThrow('400');
  expect(models.map((model) => chats(model).length).reduce((a, b) => a + b)).toBe(1);
  for (const model of models) {
    model.faults.clear();
    model.requests.clear();
  }
  models[0]?.faults.add({ kind: 'reset-mid-stream', match: { nth: 1 }, times: 9 });
  for (let index = 0; index < 4; index += 1) {
    expect((await askModel(fleet, question())).text).toContain('That it rains.');
  }
});

test('a stopped question closes its request', async () => {
  const { fleet, models } = await servers(['pages']);
  models[0]?.faults.add({ kind: 'hang' });
  const stop = new AbortController();
  const asked = askModel(fleet, question({ signal: stop.signal }));
  const gone = expect(asked).rejects.toThrow('stopped');
  while (models.every((model) => chats(model).length === 0)) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort(new Error('stopped'));
  await gone;
  while (models.every((model) => chats(model)[0]?.disconnected !== true))
    await new Promise((resolve) => setTimeout(resolve, 5));
});
