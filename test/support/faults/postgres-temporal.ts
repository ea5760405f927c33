import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { isFree } from '../../../local/temporal/ports.ts';
import { NAMESPACE, SEARCH_ATTRIBUTES, waitUntilReady } from '../../../local/temporal/readiness.ts';
import type { FaultyTemporal } from './temporal.ts';

const VERSION = 'v1.29.1';
const START_LIMIT_MS = 120_000;

/**
 * A Temporal server with all its services, on a PostgreSQL of its own. Needs Debian's package `postgresql`, and Go where
 * the server's programs are not in `TEMPORAL_SERVER_BIN` (default `~/.cache/temporal-postgres/bin`): they are built
 * there once, in some minutes. Throws a sentence that names what is missing.
 */
export async function startPostgresTemporal(): Promise<FaultyTemporal> {
  const programs = serverPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-temporal-'));
  const ports = await freePorts(10);
  const [frontend = 0, database = 0] = ports;
  const address = `127.0.0.1:${frontend}`;
  const postgres = preparePostgres(folder, database);
  let running = await postgres.start();
  makeSchema(programs.sql, database);
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'config', 'dynamic.json'), JSON.stringify(DYNAMIC));
  // JSON is YAML.
  writeFileSync(join(folder, 'config', 'development.yaml'), JSON.stringify(configuration(folder, ports)));
  let server = await startServer();

  async function startServer(): Promise<ChildProcess> {
    const log = openSync(join(folder, 'server.log'), 'a');
    const args = ['--root', folder, '--config', 'config', '--env', 'development', 'start'];
    const child = spawn(programs.server, args, { stdio: ['ignore', log, log] });
    const over = once(child, 'exit');
    const wanted = { searchAttributes: SEARCH_ATTRIBUTES, retentionDays: 1 };
    await makeNamespace(address, over);
    const fault = await waitUntilReady(address, wanted, { limitMs: START_LIMIT_MS, over });
    if (fault) throw new Error(`Temporal on PostgreSQL is not ready: ${fault}\n${tail(join(folder, 'server.log'))}`);
    return child;
  }

  return {
    address,
    async restart(signal) {
      await end(server, signal);
      server = await startServer();
    },
    async killDatabase() {
      await end(running, 'SIGKILL');
      running = await postgres.start();
    },
    async close() {
      await end(server, 'SIGKILL');
      await end(running, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

function serverPrograms(): { server: string; sql: string } {
  const bin = process.env.TEMPORAL_SERVER_BIN ?? join(homedir(), '.cache', 'temporal-postgres', 'bin');
  const found = { server: join(bin, 'server'), sql: join(bin, 'sql') };
  if (existsSync(found.server) && existsSync(found.sql)) return found;
  const packages = ['server', 'tools/sql'].map((name) => `go.temporal.io/server/cmd/${name}@${VERSION}`);
  console.log(`Building Temporal's server ${VERSION} in ${bin}; this takes some minutes.`);
  const built = spawnSync('go', ['install', '-ldflags=-s -w', ...packages], {
    env: { ...process.env, GOBIN: bin },
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error(`Temporal's server is neither in ${bin} nor could Go build it.`);
  return found;
}

function preparePostgres(folder: string, port: number) {
  const bin = ['/usr/lib/postgresql']
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((version) => join(path, version, 'bin')))
    .at(-1);
  if (!bin) throw new Error('Temporal on PostgreSQL needs the package postgresql.');
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  // PostgreSQL refuses to run as root; its user has to get through to its folder.
  const user: SpawnOptions = process.getuid?.() === 0 ? ownerOf('postgres') : {};
  if (user.uid !== undefined) {
    chownSync(data, user.uid, user.gid ?? user.uid);
    for (const path of [folder, dirname(folder)]) chmodSync(path, 0o711);
  }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust'], {
    ...user,
    stdio: 'pipe',
    cwd: '/',
  });
  const log = openSync(join(folder, 'postgres.log'), 'a');
  const settings = ['-D', data, '-p', String(port), '-k', data, '-c', 'listen_addresses=127.0.0.1'];
  return {
    /** Also after SIGKILL, when processes of the one before may still hold its memory for a moment. */
    async start(): Promise<ChildProcess> {
      for (const until = Date.now() + START_LIMIT_MS; ; ) {
        const child = spawn(join(bin, 'postgres'), settings, { ...user, stdio: ['ignore', log, log], cwd: '/' });
        while (child.exitCode === null && child.signalCode === null) {
          await sleep(100);
          const ready = spawnSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
          if (ready.status === 0) return child;
        }
        if (Date.now() > until) throw new Error(`PostgreSQL does not start:\n${tail(join(folder, 'postgres.log'))}`);
        await sleep(200);
      }
    },
  };
}

function ownerOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function makeSchema(sql: string, port: number): void {
  const run = (database: string, ...args: string[]) =>
    execFileSync(
      sql,
      ['--plugin', 'postgres12', '--ep', '127.0.0.1', '-p', String(port), '-u', 'postgres', '--db', database, ...args],
      { stdio: 'pipe' },
    );
  for (const [database, schema] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    run(database, 'create');
    run(database, 'setup-schema', '-v', '0.0');
    run(database, 'update-schema', '--schema-name', `postgresql/v12/${schema}`);
  }
}

/** The default of 20 looks a second at a queue is what a small server waits for most. */
const DYNAMIC = Object.fromEntries(
  ['transfer', 'timer', 'visibility'].map((queue) => [`history.${queue}ProcessorMaxPollRPS`, [{ value: 10_000 }]]),
);

function configuration(folder: string, [frontend, database, ...rest]: number[]) {
  const store = (databaseName: string) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${database}`,
      connectProtocol: 'tcp',
      user: 'postgres',
      password: 'unused',
      maxConns: 20,
      maxIdleConns: 20,
      maxConnLifetime: '1h',
    },
  });
  const service = (grpcPort = 0, membershipPort = 0) => ({ rpc: { grpcPort, membershipPort, bindOnLocalHost: true } });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: 16,
      datastores: { main: store('temporal'), visibility: store('temporal_visibility') },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: service(frontend, rest[0]),
      history: service(rest[1], rest[2]),
      matching: service(rest[3], rest[4]),
      worker: service(rest[5], rest[6]),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: join(folder, 'config', 'dynamic.json'), pollInterval: '10s' },
  };
}

async function makeNamespace(address: string, over: Promise<unknown>): Promise<void> {
  let ended = false;
  void over.then(() => {
    ended = true;
  });
  for (const until = Date.now() + START_LIMIT_MS; !ended && Date.now() < until; await sleep(200)) {
    const connection = await Connection.connect({ address, connectTimeout: 2_000 }).catch(() => undefined);
    try {
      await connection?.workflowService.registerNamespace({
        namespace: NAMESPACE,
        workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
      });
      if (connection) return;
    } catch (error) {
      if ((error as { code?: number }).code === ALREADY_EXISTS) return;
    } finally {
      await connection?.close();
    }
  }
}

const ALREADY_EXISTS = 6;

/** The server keeps its ports in a field of 16 bits with a sign. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

const tail = (path: string): string => readFileSync(path, 'utf8').slice(-3000);
