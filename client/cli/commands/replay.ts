import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { converterFrom } from '../../converter-from.ts';
import type { DeepResearchClient } from '../../index.ts';
import type { ReplayVerdict } from '../../replay/check-replay.ts';
import { openHistory } from '../../replay/open-history.ts';
import { readHistory, recordedSession } from '../../replay/recorded-session.ts';
import { EXIT, Exit } from '../exit.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { styleFor } from '../style.ts';
import { cleanLine } from '../text.ts';
import { printWalk, walk } from '../walk/walk.ts';

export interface ReplayOptions {
  run?: string;
  check: boolean;
  walk: boolean;
  json?: true;
}

/**
 * Checks a session's history against today's code, then shows its trajectory. A name that is a file here is a history
 * that was downloaded; no server is asked for it.
 */
export async function replay(
  name: string,
  options: ReplayOptions,
  connected: <T>(work: (client: DeepResearchClient) => Promise<T>) => Promise<T>,
  world: Surroundings,
): Promise<void> {
  const style = styleFor(world.out.isTTY ?? false);
  const histories = existsSync(name)
    ? [await readFile(name, 'utf8')]
    : (await connected(async (client) => (await client.attach(name, options.run)).histories())).map(historyToJSON);
  const verdicts: ReplayVerdict[] = [];
  const last = recordedSession(
    await openHistory(readHistory(histories.at(-1) ?? '', name), converterFrom(process.env)),
  );
  if (options.check) {
    for (const history of histories) verdicts.push(await world.checkReplay(history));
  }
  const broken = verdicts.find(({ replays }) => !replays);
  const verdict = !options.check
    ? 'Not checked against the code of today.'
    : broken
      ? `Does NOT replay with the code of today: ${cleanLine(broken.message ?? '')}`
      : 'Replays with the code of today.';
  if (options.json) {
    printJson(world.out, {
      ...(options.check ? { replays: !broken } : {}),
      ...(broken ? { message: broken.message } : {}),
      ...last,
    });
  } else {
    world.out.write(`${style(broken ? 'bad' : options.check ? 'good' : 'quiet', verdict)}\n`);
    if (options.walk) {
      if (world.out.isTTY && world.keyboard?.isTTY) {
        await walk(last, `${cleanLine(name)} · ${verdict}`, world.out, world.keyboard, style);
      } else {
        world.out.write('\n');
        printWalk(last, world.out, style);
      }
    }
  }
  if (broken) throw new Exit(EXIT.failed);
}
