import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAllowed, licencesDocument, productionPackages } from '../licences/licences.ts';

test('nothing runs in production whose licence is unknown or asks for more than its notice', () => {
  const packages = productionPackages();
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter((one) => !isAllowed(one))).toEqual([]);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-or-later)', true],
  ['(MIT AND Zlib)', true],
  ['GPL-3.0-only', false],
  ['LGPL-3.0-or-later', false],
  ['Apache-2.0 AND LGPL-3.0-or-later', false],
  ['AGPL-3.0', false],
  ['unknown', false],
])('%s: allowed is %s', (licence, allowed) => {
  expect(isAllowed({ name: 'some-package', version: '1.0.0', licence })).toBe(allowed);
});

test('docs/licences.md is what `npm run licences` writes', () => {
  expect(readFileSync('docs/licences.md', 'utf8')).toBe(licencesDocument());
});

test('`npm run sbom` prints a CycloneDX document of what runs in production', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { sbom: string } };
  const [npm = '', ...args] = scripts.sbom.split(' ');
  const sbom = JSON.parse(execFileSync(npm, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })) as {
    bomFormat: string;
    components: { name: string; group?: string }[];
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  const names = sbom.components.map(({ group, name }) => (group ? `${group}/${name}` : name));
  expect(names).toContain('undici');
  expect(names).not.toContain('vitest');
});
