import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { NO_PROVIDERS, START_LIMIT_MS } from '../support/sessions.ts';

const LIMIT_MS = 15 * 60_000;

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chart-command-'));
  await findTemporalCli({ onProgress: (line) => console.log(line) });
}, START_LIMIT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the command of the docs: a session is given a spreadsheet, and gives back a chart and a report', {
  timeout: LIMIT_MS,
}, async () => {
  const line = readFileSync('docs/workspace.md', 'utf8')
    .split('\n')
    .find((text) => text.startsWith('npm start -- --file examples/data/sales.csv --out results ')) as string;
  const command = line
    .replace('--out results', `--out ${folder}/results --json`)
    .replace('npm start', 'npm start --silent');
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DEEP_RESEARCH_STATE_DIR: join(folder, 'state'), ...NO_PROVIDERS };
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { env, timeout: LIMIT_MS });
  const result = JSON.parse(stdout);
  expect(result.artifacts).toMatchObject([
    { name: 'chart.svg', type: 'image/svg+xml' },
    { name: 'report.md', type: 'text/markdown' },
  ]);
  expect(readFileSync(join(folder, 'results', 'chart.svg'), 'utf8')).toMatch(/^<svg .*2025 Q4<\/text><\/svg>\n$/s);
  // Sums of the table, made by the session's code.
  expect(readFileSync(join(folder, 'results', 'report.md'), 'utf8')).toContain(
    '| 2025 Q1 | 20670 |\n| 2025 Q2 | 26100 |',
  );
});
