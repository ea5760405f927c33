import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { DeepResearchClient } from '../../index.ts';
import { readHistory } from '../../replay/recorded-session.ts';
import { EXIT, Exit } from '../exit.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { styleFor } from '../style.ts';
import { cleanLine } from '../text.ts';

/** Sessions whose histories are in memory at once. */
const LOT = 20;
/** Far above what one server has open. */
const MOST = 1_000_000;

/**
 * Checks the histories of many sessions, by name or by Temporal's list filter, against today's code: before a new version
 * takes them over. Exit code 1 where one does not replay.
 */
export async function replayMany(
  names: string[],
  { query, json }: { query?: string; json?: true },
  connected: <T>(work: (client: DeepResearchClient) => Promise<T>) => Promise<T>,
  world: Surroundings,
): Promise<void> {
  const verdicts: { name: string; replays: boolean; message?: string }[] = [];
  const style = styleFor(world.out.isTTY ?? false);
  const tell = ({ name, replays, message = '' }: (typeof verdicts)[number]) =>
    world.out.write(
      replays
        ? `${style('good', 'replays')}  ${cleanLine(name)}\n`
        : `${style('bad', 'does NOT replay')}  ${cleanLine(name)}: ${cleanLine(message)}\n`,
    );

  async function check(wanted: string[], client?: DeepResearchClient): Promise<void> {
    for (let from = 0; from < wanted.length; from += LOT) {
      const lot = await Promise.all(
        wanted.slice(from, from + LOT).map(async (name) => {
          if (!client) return { name, histories: [await readFile(name, 'utf8')] };
          const session = await client.attach(name);
          return { name, histories: (await session.histories()).map(historyToJSON) };
        }),
      );
      for (const { name, histories } of lot) for (const history of histories) readHistory(history, name);
      const found = await world.checkReplays(lot.flatMap(({ histories }) => histories));
      for (const { name, histories } of lot) {
        const own = found.splice(0, histories.length);
        const verdict = { name, ...(own.find(({ replays }) => !replays) ?? { replays: true }) };
        verdicts.push(verdict);
        if (!json) tell(verdict);
      }
    }
  }

  await check(names.filter((name) => existsSync(name)));
  const ids = names.filter((name) => !existsSync(name));
  if (ids.length > 0 || query !== undefined) {
    await connected(async (client) => {
      const listed = query === undefined ? [] : await client.list({ query, limit: MOST });
      await check([...ids, ...listed.map(({ id }) => id)], client);
    });
  }
  const broken = verdicts.filter(({ replays }) => !replays).length;
  if (json) printJson(world.out, { checked: verdicts.length, broken, sessions: verdicts });
  else world.out.write(`${verdicts.length} checked, ${broken === 0 ? 'all replay' : `${broken} do not replay`}.\n`);
  if (broken > 0) throw new Exit(EXIT.failed);
}
