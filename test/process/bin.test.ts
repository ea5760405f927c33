import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the command that hints name runs in a clone, where nothing is built', () => {
  const { bin } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const help = execFileSync(process.execPath, [`${ROOT}/${bin['deep-research']}`, '--help'], { encoding: 'utf8' });
  expect(help).toMatch(/^Usage: deep-research /);
});
