import { setTimeout as sleep } from 'node:timers/promises';
import type { DeepResearchClient } from '../../index.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { cleanLine } from '../text.ts';

export interface RolloutOptions {
  deployment: string;
  wait?: true;
  json?: true;
}

/** The server looks every few minutes whether a version is drained. */
const LOOK_EVERY_MS = 5_000;

/** Makes a version the current one and, if wanted, waits until older ones have no session left. */
export async function rollout(
  client: DeepResearchClient,
  buildId: string,
  { deployment, wait, json }: RolloutOptions,
  { out, signal }: Surroundings,
): Promise<void> {
  const say = (line: string) => json || out.write(`${line}\n`);
  await client.deployments.setCurrent(deployment, buildId);
  say(`New sessions begin on ${cleanLine(buildId)}.`);
  let told = '';
  for (;;) {
    const versions = await client.deployments.versions(deployment);
    const draining = versions.filter(({ state }) => state === 'draining').map((version) => version.buildId);
    if (!wait || draining.length === 0) {
      if (json) printJson(out, versions);
      else for (const version of versions) say(`${cleanLine(version.buildId)}: ${version.state}`);
      return;
    }
    const now = `Sessions are open on ${draining.map(cleanLine).join(', ')}; leave workers of it running.`;
    if (now !== told) say(now);
    told = now;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
