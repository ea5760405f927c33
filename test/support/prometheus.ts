import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Prometheus that scrapes targets each second. */
export interface Prometheus {
  /** The samples of a query: labels and value. */
  query(query: string): Promise<{ labels: Record<string, string>; value: number }[]>;
  close(): Promise<void>;
}

/** Starts the machine's Prometheus (Debian: apt-get install prometheus). */
export async function startPrometheus(targets: string[], port: number): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const job = { job_name: 'deep-research', scrape_interval: '1s', static_configs: [{ targets }] };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const address = `127.0.0.1:${port}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const child: ChildProcess = spawn('prometheus', args, { stdio: 'ignore' });
  const gone = once(child, 'exit');
  child.once('error', () => {});
  return {
    async query(query) {
      const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { status, data, error } = (await response.json()) as {
        status: string;
        error?: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (status !== 'success') throw new Error(error);
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async close() {
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What Prometheus's own checker says of a configuration. Rejects where it is not good. */
export const checkConfiguration = async (file: string): Promise<string> =>
  (await promisify(execFile)('promtool', ['check', 'config', file])).stdout;

/** What Prometheus's own checker says of a metrics page; nothing where it is good. */
export async function checkMetrics(page: string): Promise<string> {
  const running = promisify(execFile)('promtool', ['check', 'metrics']);
  running.child.stdin?.end(page);
  return running.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout?: string; stderr?: string; message: string }) => `${error.stdout}${error.stderr}` || error.message,
  );
}
