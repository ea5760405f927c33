import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const rootOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const FORBIDDEN: [folder: string, from: string][] = [
  ['protocol', 'node:fs'],
  ['protocol', 'fs'],
  ['protocol', '@temporalio/common'],
  ['protocol', '../workflows/session.ts'],
  ['protocol/deeper', '../../activities/index.ts'],
  ['workflows', 'node:crypto'],
  ['workflows', 'crypto'],
  ['workflows', 'undici'],
  ['workflows', 'pino'],
  ['workflows', 'some-package'],
  ['workflows', '@temporalio/client'],
  ['workflows', '../activities/index.ts'],
  ['workflows/deeper', '../../worker/run.ts'],
  ['workflows', '../client/index.ts'],
  ['activities', '../workflows/session.ts'],
  ['activities/tools', '../../worker/run.ts'],
  ['activities', '../client/index.ts'],
  ['activities', '../local/stack.ts'],
  ['worker', '../client/index.ts'],
  ['worker/configuration', '../../local/stack.ts'],
  ['client', '../worker/run.ts'],
  ['client/cli', '../../local/stack.ts'],
  ['client', '../activities/index.ts'],
  ['local', '../bench/main.ts'],
  ['store', '../activities/index.ts'],
  ['store', '../protocol/names.ts'],
  ['store', '@temporalio/client'],
  ['workflows', '../store/store.ts'],
  ['workflows', '../telemetry/tracer.ts'],
  ['telemetry', '../activities/log.ts'],
  ['converter', '../activities/log.ts'],
];

const ALLOWED: [folder: string, from: string][] = [
  ['protocol', 'zod'],
  ['protocol', './names.ts'],
  ['workflows', './session.ts'],
  ['workflows', '../protocol/names.ts'],
  ['workflows/deeper', '../../protocol/names.ts'],
  ['workflows', '@temporalio/workflow'],
  ['activities/tools', '../../protocol/names.ts'],
  ['activities/mcp', '@modelcontextprotocol/client/stdio'],
  ['worker', '../activities/index.ts'],
  ['client', '../protocol/names.ts'],
  ['client', '../store/store.ts'],
  ['activities/tools', '../../store/store.ts'],
  ['store', 'aws4fetch'],
  ['store', './store.ts'],
  ['local', '../worker/run.ts'],
  ['activities', '../telemetry/metrics.ts'],
  ['client', '../telemetry/tracer.ts'],
  ['converter', '../protocol/redact.ts'],
];

const fileOf = (folder: string, from: string) => `${folder}/${from.replace(/\W+/g, '-')}.ts`;

const project = mkdtempSync(join(tmpdir(), 'import-rules-'));
let refused = '';

beforeAll(() => {
  copyFileSync(rootOf('biome.json'), join(project, 'biome.json'));
  for (const [folder, from] of [...FORBIDDEN, ...ALLOWED]) {
    const file = join(project, fileOf(folder, from));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `import '${from}';\n`);
  }
  const rule = '--only=style/noRestrictedImports';
  const flags = ['lint', rule, '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none'];
  const { stdout } = spawnSync(rootOf('node_modules/.bin/biome'), flags, { cwd: project, encoding: 'utf8' });
  refused = stdout;
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test.each(FORBIDDEN)('%s may not import %s', (folder, from) => {
  expect(refused).toContain(`file=${fileOf(folder, from)},`);
});

test.each(ALLOWED)('%s may import %s', (folder, from) => {
  expect(refused).not.toContain(`file=${fileOf(folder, from)},`);
});
