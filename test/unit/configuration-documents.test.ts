import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationDocument, helpTable } from '../../worker/configuration/table.ts';
import { variables } from '../../worker/configuration/variables.ts';

const NAMES = Object.keys(variables.shape);
/** Of the system and the terminal, which every program reads. */
const SYSTEM = ['INIT_CWD', 'PATH', 'HOME', 'TERM', 'GOOS', 'GOARCH'];
/** OpenTelemetry's further ones are in docs/telemetry.md. */
const ofOpenTelemetry = (name: string) => name.startsWith('OTEL_');

/** The code without the schema and its document. */
const sources = globSync('{activities,client,converter,local,store,telemetry,worker}/**/*.ts')
  .filter((file) => !/^worker\/configuration\/(groups|variables\.ts|table\.ts)/.test(file))
  .map((file) => readFileSync(file, 'utf8'));

test('docs/configuration.md is what `npm run docs` writes', () => {
  expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationDocument());
});

test('every variable that the code reads is in the schema', () => {
  const read = sources.flatMap((text) =>
    [
      ...text.matchAll(/\benv(?:\.|\[')([A-Z][A-Z0-9_]+)/g),
      ...text.matchAll(/(?:needs|takes): '([A-Z][A-Z0-9_]+)'/g),
    ].map(([, name = '']) => name),
  );
  expect(read).toContain('TEMPORAL_CLI_PATH');
  expect(read).toContain('SERPER_API_KEY');
  expect(read.filter((name) => ![...NAMES, ...SYSTEM].includes(name) && !ofOpenTelemetry(name))).toEqual([]);
});

test('every variable of the schema is read, or told to be not used yet', () => {
  // Temporal's envconfig reads these by itself.
  const byTemporal = ['TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'];
  const document = configurationDocument().split('\n');
  const isUnused = (name: string) =>
    document.some((line) => line.startsWith(`| \`${name}\``) && line.includes('Read, not used yet'));
  const unread = NAMES.filter((name) => !sources.some((text) => new RegExp(`\\b${name}\\b`).test(text)));
  expect(unread.filter((name) => !isUnused(name) && !byTemporal.includes(name))).toEqual([]);
});

test('the command line prints every variable', () => {
  const printed = execFileSync(process.execPath, ['worker/main.ts', '--help'], { encoding: 'utf8' });
  expect(printed).toContain(helpTable());
  for (const name of NAMES) expect(printed).toContain(`\n  ${name}`);
});
