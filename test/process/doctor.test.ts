import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startRehearsal } from '../../local/rehearsal/server.ts';
import { redact } from '../../protocol/redact.ts';
import { examine, examineMine, type Part } from '../../worker/doctor/examine.ts';
import type { Finding } from '../../worker/doctor/finding.ts';
import { type Behaviour, withServer } from '../support/providers/local-server.ts';
import { runDeepResearch } from '../support/run-program.ts';
import { eventually, openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** `deep-research doctor` against servers that are well and servers that are not. */
const LIMIT_MS = 180_000;
const KEY = 'sk-planted-secret-123456';

let sessions: Sessions;
const folder = mkdtempSync(join(tmpdir(), 'doctor-'));

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work();
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  findings: Finding[];
  all: string;
}

/** In this process, which is quicker than a program each time. */
async function doctor(env: NodeJS.ProcessEnv = {}, skip: Part[] = []): Promise<Seen> {
  const all = { ...sessions.env, ...env };
  // Temporal's own variables are read by its library.
  for (const [name, value] of Object.entries(all)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, value);
  try {
    const findings = await examine(all, skip);
    return { findings, all: redact(JSON.stringify(findings)) };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** As a person runs it. */
const program = (...args: string[]) => runDeepResearch(['doctor', ...args], sessions.env);

const of = ({ findings }: Seen, check: string, state?: Finding['state']) =>
  findings.filter((finding) => finding.check === check && (state === undefined || finding.state === state));
const bad = ({ findings }: Seen) => findings.filter(({ state }) => state === 'bad');

test('a deployment that works: every part is looked at, and what is only for trying out is told', {
  timeout: LIMIT_MS,
}, async () => {
  const seen = await doctor();
  expect(bad(seen)).toEqual([]);
  expect([...new Set(seen.findings.map(({ check }) => check))]).toEqual([
    'Versions',
    'Configuration',
    'Temporal',
    'Search attributes',
    'Workers',
    'Clock',
    'Models',
    'Search',
    'Sandbox',
    'Storage',
  ]);
  expect(of(seen, 'Temporal', 'good')[0]?.says).toMatch(/^Server 1\.\d+\.\d+\S*; namespace default\.$/);
  expect(of(seen, 'Search attributes', 'good')).toHaveLength(1);
  expect(of(seen, 'Workers', 'good')).toHaveLength(2);
  expect(of(seen, 'Clock')).toEqual([{ check: 'Clock', state: 'good', says: expect.stringMatching(/agree/) }]);
  expect(of(seen, 'Models', 'good').map(({ says }) => says)).toEqual([
    expect.stringMatching(/answers; context \d+ tokens/),
    expect.stringMatching(/tells how much \(\d+ tokens of a repeated one\)/),
  ]);
  expect(of(seen, 'Sandbox', 'warning')[0]?.mend).toContain('SANDBOX_MODE=docker');
  // The workflow with which the clock is read is gone again, or has ended.
  const left = sessions.client.workflow.list({
    query: 'WorkflowType = "deepResearchDoctor" AND ExecutionStatus = "Running"',
  });
  for await (const { workflowId } of left) expect.unreachable(workflowId);
});

test('in words it is a line a finding, with what to do below, and a verdict; the exit code says it too', {
  timeout: LIMIT_MS,
}, async () => {
  const { out, err, code } = await program('--skip', 'models,search');
  expect({ err, code }).toEqual({ err: '', code: 0 });
  expect(out).toMatch(/^✓ Versions {10}deep-research \S+; Node 24\./);
  expect(out).toMatch(/\n! Sandbox {11}Code and commands .*\n {20}→ set SANDBOX_MODE=docker/);
  expect(out).toMatch(/\nIt works; \d+ warnings?\.\n$/);
  expect(out).not.toContain('\u001b');
  sessions.model.faults.add({ kind: 'status', status: 500, match: { nth: 1 }, path: '/v1/models' });
  sessions.model.faults.add({ kind: 'status', status: 500, match: { nth: 1 } });
  const failed = await program('--json', '--skip', 'temporal,search,storage,sandbox');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.out)).toMatchObject({ good: false, faults: 1 });
  sessions.model.faults.clear();
});

describe('Temporal', () => {
  test('is not there: everything else is looked at all the same', { timeout: LIMIT_MS }, async () => {
    const seen = await doctor({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(bad(seen)).toEqual([
      {
        check: 'Temporal',
        state: 'bad',
        says: 'TEMPORAL_ADDRESS: no Temporal server answers at 127.0.0.1:1.',
        mend: expect.stringMatching(/^start one with/),
      },
    ]);
    expect(of(seen, 'Models', 'good')).toHaveLength(2);
  });

  test('has not the namespace', { timeout: LIMIT_MS }, async () => {
    const seen = await doctor({ TEMPORAL_NAMESPACE: 'nowhere' }, ['models', 'search']);
    expect(bad(seen).map(({ says, mend }) => [says, mend])).toEqual([
      [
        expect.stringContaining('has no namespace "nowhere"'),
        expect.stringContaining('temporal operator namespace create nowhere'),
      ],
    ]);
  });

  test('has workers of a deployment of which no version is the current one', { timeout: LIMIT_MS }, async () => {
    const env = {
      TEMPORAL_TASK_QUEUE: `deployed-${randomUUID()}`,
      DEEP_RESEARCH_DEPLOYMENT: `d-${randomUUID()}`,
      DEEP_RESEARCH_BUILD_ID: 'v1',
    };
    const skip: Part[] = ['models', 'search', 'sandbox', 'storage'];
    expect(of(await doctor(env, skip), 'Deployment')[0]?.says).toMatch(/knows no deployment/);
    await sessions.work(env);
    await eventually('the server knows the version', async () => {
      const [finding] = of(await doctor(env, skip), 'Deployment', 'bad');
      return finding?.says.includes('new sessions wait') && finding.mend?.includes('rollout v1');
    });
  });

  test('has no worker for the queue, or for a role of it', { timeout: LIMIT_MS }, async () => {
    const TEMPORAL_TASK_QUEUE = `nobody-${randomUUID()}`;
    const none = await doctor({ TEMPORAL_TASK_QUEUE }, ['models', 'search']);
    expect(of(none, 'Workers', 'bad').map(({ says }) => says)).toEqual([
      expect.stringContaining(`sessions of ${TEMPORAL_TASK_QUEUE}`),
      expect.stringContaining(`activities of ${TEMPORAL_TASK_QUEUE}`),
    ]);
    const split = await doctor({ TEMPORAL_TASK_QUEUE, WORKER_ROLES: 'inference' }, ['models', 'search']);
    expect(of(split, 'Workers', 'bad').map(({ mend }) => mend?.match(/WORKER_ROLES=\w+/)?.[0])).toEqual([
      'WORKER_ROLES=workflow',
      'WORKER_ROLES=tools',
      'WORKER_ROLES=inference',
      'WORKER_ROLES=sandbox',
    ]);
    expect(of(split, 'Storage', 'warning').some(({ says }) => /cannot go on when its host is lost/.test(says))).toBe(
      true,
    );
  });
});

describe('a model server', () => {
  const skip: Part[] = ['temporal', 'search', 'sandbox', 'storage'];
  const at = (url: string) => ({
    LLM_SERVER_BASE_ENDPOINT_URL: url,
    LLM_SERVER_MODEL_NAME: 'm',
    LLM_SERVER_API_KEY: KEY,
  });
  const vllm =
    (details: object | null, length = 131_072): Behaviour =>
    ({ path }) =>
      path.endsWith('/models')
        ? { body: { data: [{ id: 'm', max_model_len: length }] } }
        : { body: { usage: { prompt_tokens: 400, completion_tokens: 1, prompt_tokens_details: details } } };

  async function withModel(behaviour: Behaviour, look: (seen: Seen) => void) {
    await withServer(behaviour, async ({ url }) => {
      const seen = await doctor(at(url), skip);
      expect(seen.all).not.toContain(KEY);
      look(seen);
    });
  }

  test('does not answer', { timeout: LIMIT_MS }, async () => {
    const gone = await startRehearsal();
    await gone.close();
    const seen = await doctor(at(gone.url), skip);
    expect(bad(seen)).toEqual([
      {
        check: 'Models',
        state: 'bad',
        says: expect.stringContaining('no model server answers'),
        mend: expect.any(String),
      },
    ]);
  });

  test('refuses the key, which is not shown', { timeout: LIMIT_MS }, () =>
    withModel(
      () => ({ status: 401, body: { error: 'no' } }),
      (seen) => expect(bad(seen)[0]?.says).toContain('refused the key (401)'),
    ),
  );

  test('lists its model and then fails a call', { timeout: LIMIT_MS }, () =>
    withModel(
      ({ path }) =>
        path.endsWith('/models')
          ? { body: { data: [{ id: 'm', max_model_len: 131_072 }] } }
          : { status: 500, body: { error: `broken ${KEY}` } },
      (seen) => expect(bad(seen)[0]?.says).toMatch(/refused a call of one token \(500\)/),
    ),
  );

  test('does not tell of its cache', { timeout: LIMIT_MS }, () =>
    withModel(vllm(null), (seen) => {
      expect(bad(seen)).toEqual([]);
      expect(of(seen, 'Models', 'warning')[0]?.mend).toContain('--enable-prompt-tokens-details');
    }),
  );

  test('has a context that is too short', { timeout: LIMIT_MS }, () =>
    withModel(vllm({ cached_tokens: 384 }, 32_768), (seen) => {
      expect(of(seen, 'Models', 'warning')).toEqual([
        expect.objectContaining({
          says: expect.stringContaining('32768'),
          mend: expect.stringContaining('--max-model-len'),
        }),
      ]);
    }),
  );
});

test('a search provider refuses its key, which is not shown', { timeout: LIMIT_MS }, async () => {
  await withServer(
    () => ({ status: 403, body: { message: `Unauthorized ${KEY}` } }),
    async ({ url }) => {
      const env = {
        DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper',
        SERPER_API_KEY: KEY,
        DEEP_RESEARCH_PROVIDER_URLS: JSON.stringify({ serper: url }),
      };
      const seen = await doctor(env, ['temporal', 'models', 'sandbox', 'storage']);
      expect(bad(seen)).toEqual([
        expect.objectContaining({ check: 'Search', says: expect.stringMatching(/^serper \(web search\): /) }),
      ]);
      expect(seen.all).not.toContain(KEY);
    },
  );
});

describe('storage', () => {
  const skip: Part[] = ['temporal', 'models', 'search', 'sandbox'];

  test('is a file where a folder should be, or a bucket that nobody serves', { timeout: LIMIT_MS }, async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const seen = await doctor(
      {
        DEEP_RESEARCH_STATE_DIR: join(file, 'state'),
        DEEP_RESEARCH_STORE_DIR: 's3://bucket/prefix',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: KEY,
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        DEEP_RESEARCH_FILES_DIR: join(folder, 'nowhere'),
      },
      skip,
    );
    expect(bad(seen).map(({ says }) => says.split(':')[0])).toEqual([
      'DEEP_RESEARCH_STATE_DIR',
      'DEEP_RESEARCH_FILES_DIR',
      'DEEP_RESEARCH_STORE_DIR',
    ]);
    expect(seen.all).not.toContain(KEY);
  });
});

test('a configuration that cannot be read is told in all its faults, and Temporal is looked at', {
  timeout: LIMIT_MS,
}, async () => {
  const seen = await doctor({ SANDBOX_MODE: 'dokcer', DEEP_RESEARCH_STATE_DRI: 'x' });
  expect(of(seen, 'Configuration', 'bad').map(({ says }) => says)).toEqual([
    expect.stringContaining('DEEP_RESEARCH_STATE_DRI'),
    expect.stringContaining('SANDBOX_MODE'),
  ]);
  expect(of(seen, 'Temporal', 'good')).toHaveLength(1);
});

test('Docker that is not there', { timeout: LIMIT_MS }, async () => {
  const seen = await doctor({ SANDBOX_MODE: 'docker', DOCKER_HOST: `unix://${join(folder, 'no.sock')}` }, [
    'temporal',
    'models',
    'search',
    'storage',
  ]);
  expect(bad(seen)).toEqual([expect.objectContaining({ check: 'Sandbox', says: expect.stringContaining('Docker') })]);
});

test('a health check tells whether a worker of this very machine polls its queues', { timeout: LIMIT_MS }, async () => {
  const { code, out } = await program('--mine');
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/^✓ Temporal .*\n✓ Workers .*\n✓ Workers .*\n\nEverything is well\.\n$/),
  ]);
  vi.stubEnv('TEMPORAL_ADDRESS', sessions.address);
  const nobody = await examineMine({ ...sessions.env, TEMPORAL_TASK_QUEUE: randomUUID(), WORKER_ROLES: 'tools' });
  vi.unstubAllEnvs();
  expect(nobody.filter(({ state }) => state === 'bad').map(({ check }) => check)).toEqual(['Workers']);
});

test('an unknown part to leave out is wrong usage', { timeout: LIMIT_MS }, async () => {
  const { code, err } = await program('--skip', 'modles');
  expect([code, err]).toEqual([2, expect.stringContaining('--skip: expected some of temporal')]);
});
