import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VERSION } from '../version.ts';
import { type Finding, findingsOf } from './finding.ts';

/** As in package.json. */
const LEAST_NODE = 24;

export function checkVersions(node = process.versions.node): Finding[] {
  const { good, bad } = findingsOf('Versions');
  const told = `deep-research ${VERSION}; Node ${node}; Temporal SDK ${sdkVersion()}.`;
  if (Number.parseInt(node, 10) >= LEAST_NODE) return [good(told)];
  return [bad(told, `install Node ${LEAST_NODE} or newer`)];
}

function sdkVersion(): string {
  const path = createRequire(import.meta.url).resolve('@temporalio/worker/package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}
