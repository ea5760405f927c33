import { describe, expect, test } from 'vitest';
import { type Client, type Json, until, withRehearsal } from './rehearsal-client.ts';

const CHAT = '/v1/chat/completions';
const BODY = { model: 'rehearsal', messages: [{ role: 'user', content: 'What is the tallest tree?' }] };

interface Seen {
  text: string;
  tokens: number;
  end: 'open' | 'done' | 'cut' | 'unreadable' | 'broken';
}

/** What a client sees of a stream: its text, and how it ended. `seen` changes while it is read. */
async function watch({ events }: Client, seen: Partial<Seen> = {}, signal?: AbortSignal): Promise<Seen> {
  const so = Object.assign(seen, { text: '', tokens: 0, end: 'open' as Seen['end'] });
  try {
    for await (const event of events(CHAT, { ...BODY, return_token_ids: true }, signal)) {
      if (event === '[DONE]') so.end = 'done';
      else {
        so.text += event.choices[0].delta.content;
        so.tokens += event.choices[0].token_ids?.length ?? 0;
      }
    }
    if (so.end === 'open') so.end = 'cut';
  } catch (error) {
    so.end = error instanceof SyntaxError ? 'unreadable' : 'broken';
  }
  return so;
}

describe('in a stream', () => {
  test.each([
    ['reset-mid-stream', 'broken'],
    ['broken-json', 'unreadable'],
    ['cut-sse', 'unreadable'],
  ] as const)('%s comes after exactly the tokens asked for', async (kind, end) => {
    await withRehearsal({}, async (client) => {
      const whole = await watch(client);
      client.faults.add({ kind, afterTokens: 21 });
      const cut = await watch(client);
      expect(cut.end).toBe(end);
      expect(client.requests.list().at(-1)).toMatchObject({ fault: kind, completionTokens: 21 });
      // A reset may overtake what the client has not yet read.
      expect(cut.tokens).toBeLessThanOrEqual(21);
      if (kind !== 'reset-mid-stream') expect(cut.tokens).toBe(21);
      expect(whole.text.startsWith(cut.text)).toBe(true);
      expect(await watch(client)).toEqual(whole);
      expect(await client.metric('vllm:num_requests_running')).toBe(0);
    });
  });

  test.each(['hang', 'hang-mid-stream'] as const)('%s lasts until the client goes', async (kind) => {
    await withRehearsal({}, async (client) => {
      client.faults.add({ kind, afterTokens: 3 });
      const leave = new AbortController();
      const seen: Partial<Seen> = {};
      const watching = watch(client, seen, leave.signal);
      const entry = () => client.requests.list().find(({ path }) => path === CHAT);
      await until(() => entry()?.fault === kind && (kind === 'hang' || seen.tokens === 3), kind);
      expect(entry()?.endedAt).toBeUndefined();
      leave.abort();
      expect(await watching).toMatchObject({ end: 'broken', tokens: kind === 'hang' ? 0 : 3 });
      await until(() => entry()?.disconnected === true, 'the log to say that the client went');
    });
  });

  test('an empty reply ends well and says nothing', async () => {
    await withRehearsal({}, async (client) => {
      client.faults.add({ kind: 'empty' });
      expect(await watch(client)).toEqual({ text: '', end: 'done', tokens: 1 });
    });
  });
});

describe('of a whole answer', () => {
  test('a status comes with its headers and body', async () => {
    await withRehearsal({}, async ({ faults, url }) => {
      faults.add({
        kind: 'status',
        status: 429,
        headers: { 'Retry-After': '7' },
        body: { error: { message: 'slow' } },
      });
      const response = await fetch(url + CHAT, { method: 'POST', body: JSON.stringify(BODY) });
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
      expect(await response.json()).toEqual({ error: { message: 'slow' } });
    });
  });

  test('an overflow is vLLM’s', async () => {
    await withRehearsal({ maxModelLen: 2048 }, async ({ faults, post }) => {
      faults.add({ kind: 'overflow' });
      const { status, body } = await post(CHAT, BODY);
      expect(status).toBe(400);
      expect(body.error).toMatchObject({ param: 'input_tokens', message: expect.stringContaining('2048 tokens') });
    });
  });

  test.each(['refuse', 'reset-mid-stream', 'broken-json', 'cut-sse'] as const)('%s gives no JSON', async (kind) => {
    await withRehearsal({}, async ({ faults, post }) => {
      faults.add({ kind });
      await expect(post(CHAT, BODY)).rejects.toThrow();
      expect((await post(CHAT, BODY)).status).toBe(200);
    });
  });
});

describe('the queue', () => {
  const statuses = async ({ post }: Client, count: number) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) seen.push((await post(CHAT, { ...BODY, max_tokens: 1 })).status);
    return seen;
  };

  test('plays each fault at its request, as often as asked', async () => {
    await withRehearsal({}, async (client) => {
      client.faults.add({ kind: 'status', status: 500, match: { nth: 2 } });
      client.faults.add({ kind: 'status', status: 503, match: { nth: 4 }, times: 2 });
      await client.post('/tokenize', { prompt: 'does not count' });
      expect(await statuses(client, 6)).toEqual([200, 500, 200, 503, 503, 200]);
      expect(client.faults.pending()).toEqual([]);
    });
  });

  test('draws by the seed: often enough, and the same each time', async () => {
    const run = async (seed: number) => {
      let seen: number[] = [];
      await withRehearsal({}, async (client) => {
        client.faults.add({ kind: 'status', match: { probability: 0.4, seed } });
        seen = await statuses(client, 40);
      });
      return seen;
    };
    const first = await run(1);
    expect(first.filter((status) => status === 503).length).toBeGreaterThan(5);
    expect(first.filter((status) => status === 503).length).toBeLessThan(30);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  test('hits another route where it is named', async () => {
    await withRehearsal({}, async (client) => {
      client.faults.add({ kind: 'status', status: 500, path: '/tokenize' });
      expect(await statuses(client, 1)).toEqual([200]);
      expect((await client.post('/tokenize', { prompt: 'x' })).status).toBe(500);
    });
  });

  test('is taken over HTTP only where the server was started so', async () => {
    await withRehearsal({}, async ({ post }) => {
      expect((await post('/rehearsal/faults', { kind: 'empty' })).status).toBe(404);
    });
    await withRehearsal({ faultsOverHttp: true, keepBodies: true }, async (client) => {
      expect((await client.post('/rehearsal/faults', { kind: 'nothing' })).status).toBe(400);
      expect((await client.post('/rehearsal/faults', [{ kind: 'status', status: 502 }])).status).toBe(200);
      expect(await statuses(client, 2)).toEqual([502, 200]);
      const { requests } = (await (await fetch(`${client.url}/rehearsal/requests`)).json()) as Json;
      const chats = requests.filter(({ path }: Json) => path === CHAT);
      expect(chats).toMatchObject([
        { method: 'POST', messages: 1, fault: 'status', status: 502, body: BODY },
        { method: 'POST', messages: 1, status: 200, completionTokens: 1 },
      ]);
      expect(chats[1].endedAt).toBeGreaterThanOrEqual(chats[1].startedAt);
    });
  });
});

test('closing the server ends what still hangs', async () => {
  let watching: Promise<Json> | undefined;
  await withRehearsal({}, async (client) => {
    client.faults.add({ kind: 'hang' });
    watching = watch(client);
    await until(() => client.requests.list().some(({ fault }) => fault === 'hang'), 'the request');
  });
  expect(await watching).toMatchObject({ end: 'broken' });
});
