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
  folder = mkdtempSync(join(tmpdir(), 'skill-command-'));
  await findTemporalCli({ onProgress: (line) => console.log(line) });
}, START_LIMIT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command of docs/skills.md, with replies laid down. */
function documented(): string[] {
  const line = readFileSync('docs/skills.md', 'utf8')
    .split('\n')
    .find((text) => text.startsWith('npm start -- --skills examples/skills'));
  return [...(line ?? '').matchAll(/"([^"]+)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '').slice(3);
}

test('the command of the docs: a session opens a skill, runs its script, and gives back its report', {
  timeout: LIMIT_MS,
}, async () => {
  const rehearsal = {
    script: [
      { name: 'parse_file', arguments: { files: ['skills/csv-profile/SKILL.md'] } },
      { name: 'bash', arguments: { command: 'python3 skills/csv-profile/scripts/profile.py tides.csv' } },
    ],
    answer: 'One value of the high water is an outlier (51.2); the report is tides.profile.md.',
  };
  const args = ['local/main.ts', '--json', '--model-extra-body', JSON.stringify({ rehearsal }), ...documented()];
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DEEP_RESEARCH_STATE_DIR: join(folder, 'state'), ...NO_PROVIDERS };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: LIMIT_MS });
  const result = JSON.parse(stdout);
  expect(result.stopReason).toBe('no_tool_calls');
  expect(result.answer).toContain('51.2');
  // Neither the skill nor the table, which it was given.
  expect(result.artifacts.map(({ name }: { name: string }) => name)).toEqual(['tides.profile.md']);
  expect(result.sources).toMatchObject([
    { url: 'skills/csv-profile/SKILL.md', title: expect.stringContaining('Profile') },
  ]);
});
