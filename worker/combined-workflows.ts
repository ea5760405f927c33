import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const moduleAt = (path: string) => fileURLToPath(new URL(`${path}${extname(import.meta.url)}`, import.meta.url));

/** The module that exports our workflows. */
export const workflowsPath = moduleAt('../workflows/index');

/**
 * Loaded once for all sessions of a worker. Every session has its own instance of all other modules, and zod would cost
 * each of them most of its memory, half of its start and half of its way back into memory.
 */
export const preloadModules = [moduleAt('../protocol/zod')];

/** Entries written by this process, by the path they combine with ours. */
const written = new Map<string, string>();

/**
 * A module that exports the workflows at `theirs` (a file or a folder, as Temporal takes it) and ours. Our names win;
 * their default export, Temporal's handler of unknown workflow types, is kept. The file lives as long as the process.
 */
export function combineWorkflows(theirs?: string): string {
  if (theirs === undefined || resolve(theirs) === workflowsPath) return workflowsPath;
  if ([...written.values()].includes(theirs)) return theirs;
  const known = written.get(theirs);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-workflows-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const entry = join(folder, 'workflows.cjs');
  const required = [resolve(theirs), workflowsPath].map((path) => `...require(${JSON.stringify(path)})`);
  // The bundler looks the SDK up from where the entry is.
  symlinkSync(nodeModulesAt(resolve(theirs)), join(folder, 'node_modules'), 'dir');
  writeFileSync(entry, `module.exports = { ${required.join(', ')} };\n`);
  written.set(theirs, entry);
  return entry;
}

/** The `node_modules` from which a file gets the workflow SDK. */
function nodeModulesAt(path: string): string {
  const sdk = createRequire(path).resolve('@temporalio/workflow');
  return sdk.slice(0, sdk.lastIndexOf('node_modules') + 'node_modules'.length);
}
