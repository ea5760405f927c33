import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERSION } from '../../worker/version.ts';

test('the version that workers report is the package’s', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(VERSION).toBe(version);
});
