import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderStore } from '../../store/folder-store.ts';
import { type Dice, seeded, throwDice } from '../support/faults/dice.ts';
import { type FaultKind, planFaults } from '../support/faults/plan.ts';
import { countsOf, type PlayedFault, type PlayOptions, playFaults } from '../support/faults/play.ts';
import { START_LIMIT_MS } from '../support/sessions.ts';
import {
  ANSWER,
  CONTAINED_LEDGER,
  type CountedSession,
  containedSession,
  LINE_BYTES,
  plainSession,
  tagOf,
} from './counted-session.ts';
import { nothingLeft } from './nothing-left.ts';
import { openStage, type Stage } from './stage.ts';
import { resultOf, retriesOf, transcriptOf } from './survivors.ts';

/** `npm run test:faults` runs 100 sessions of 40 rounds; `docs/faults.md` has the variables. */
const SESSIONS = Number(process.env.FAULTS_SESSIONS ?? 8);
const ROUNDS = Number(process.env.FAULTS_ROUNDS ?? 12);
const AT_ONCE = Number(process.env.FAULTS_AT_ONCE ?? 24);
const LIMIT_MS = Number(process.env.FAULTS_MINUTES ?? 9) * 60_000;
/** Of the sessions, those whose commands run in containers. */
const CONTAINED = Math.max(1, Math.round(SESSIONS / 10));

/** Faults for so many sessions. */
const some = (least: number, share: number) => Math.max(least, Math.round(SESSIONS * share));
const WANTED: Partial<Record<FaultKind, number>> = {
  'worker-kill': some(2, 0.15),
  'worker-stop': some(1, 0.1),
  'worker-freeze': some(1, 0.1),
  'clock-jump': some(1, 0.05),
  'temporal-kill': some(1, 0.04),
  'temporal-stop': some(0, 0.03),
  'database-kill': process.env.FAULTS_TEMPORAL === 'postgres' ? some(1, 0.04) : 0,
  'model-away': some(1, 0.05),
  'tools-away': some(1, 0.05),
  'disk-full': some(1, 0.05),
  'docker-kill': some(1, 0.03),
  'docker-stop': some(0, 0.02),
};

let dice: Dice;
let stage: Stage;

beforeAll(async () => {
  // A part of all tests, it meets the same faults each time: what fails then was changed, not unlucky.
  dice = throwDice(process.env.FAULTS_SESSIONS ? undefined : 459_010);
  stage = await openStage({ dice, sessions: SESSIONS });
}, START_LIMIT_MS);

afterAll(() => stage?.close());

const plays = (): PlayOptions['plays'] => {
  const { temporal, herd, models, search, disk, docker } = stage;
  const away = async (part: { leave(): Promise<void>; back(): Promise<void> }, seconds: number) => {
    await part.leave();
    await sleep(seconds * 1000);
    await part.back();
  };
  return {
    'worker-kill': ({ which }) => herd.kill(which),
    'worker-stop': ({ which }) => herd.stop(which),
    'worker-freeze': ({ which, seconds }) => herd.freeze(which, seconds),
    'clock-jump': ({ which, seconds }) => herd.shiftClock(which, seconds),
    'temporal-kill': () => temporal.restart('SIGKILL'),
    'temporal-stop': () => temporal.restart('SIGTERM'),
    'database-kill': () => temporal.killDatabase!(),
    'model-away': ({ which, seconds }) => away(models[Math.floor(which * models.length)]!, seconds),
    'tools-away': ({ seconds }) => away(search, seconds),
    'disk-full': async ({ seconds }) => {
      disk.fill();
      await sleep(seconds * 1000);
      disk.free();
    },
    'docker-kill': () => docker.restart('SIGKILL'),
    'docker-stop': () => docker.restart('SIGTERM'),
  };
};

test(
  `${SESSIONS} sessions of ${ROUNDS} rounds end as if undisturbed while everything fails`,
  {
    timeout: LIMIT_MS,
  },
  () =>
    seeded(dice, async () => {
      const { plain, contained, ledger, client, models, search } = stage;
      const make = {
        q: (tag: string) => plainSession({ tag, rounds: ROUNDS, taskQueue: plain.taskQueue }, ledger),
        d: (tag: string) => containedSession({ tag, rounds: ROUNDS, taskQueue: contained.taskQueue }),
      };
      const calm = { q: make.q(tagOf('q', 999)), d: make.d(tagOf('d', 999)) };
      await Promise.all(Object.values(calm).map((session) => resultOf(client, session)));
      const expected = {
        q: await transcriptOf(client, calm.q, calm.q.tag),
        d: await transcriptOf(client, calm.d, calm.d.tag),
      };
      expect(stage.lines().map((line) => line.trim())).toEqual(calm.q.effects);

      // The sessions by which the others are judged went without faults.
      stage.disturb();
      const sessions = Array.from({ length: SESSIONS }, (_, index) =>
        // Spread among the others.
        index % Math.ceil(SESSIONS / CONTAINED) === 0 ? make.d(tagOf('d', index)) : make.q(tagOf('q', index)),
      );
      const kindOf = ({ tag }: CountedSession) => (tag.startsWith('d') ? 'd' : 'q');
      const inLedger = sessions.filter((session) => kindOf(session) === 'q').flatMap(({ effects }) => effects);
      const over = new AbortController();
      const began = Date.now();
      const seconds = () => Math.round((Date.now() - began) / 1000);
      const faults = playFaults(planFaults(dice, WANTED), {
        plays: plays(),
        over: over.signal,
        progress: () => (statSync(ledger).size / LINE_BYTES - calm.q.effects.length) / inLedger.length,
        say: (line) => console.log(`${seconds()} s, ${line}`),
      });
      faults.catch(() => {});

      const waiting = sessions.values();
      const results = new Map<string, Awaited<ReturnType<typeof resultOf>>>();
      const work = async () => {
        for (const session of waiting) results.set(session.tag, await resultOf(client, session));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      over.abort();
      const played = await faults;
      console.log(`${SESSIONS} sessions of ${ROUNDS} rounds in ${seconds()} s. Faults: ${countsOf(played)}`);
      console.log('Of model calls:', models.map((model) => JSON.stringify(model.played())).join(' '));
      console.log('Of look-ups:', JSON.stringify(search.failed));

      // The undisturbed answer, by the undisturbed way.
      let unknown = 0;
      let retries = 0;
      for (const session of sessions) {
        const { tag } = session;
        const kind = kindOf(session);
        const result = results.get(tag);
        expect(result, tag).toMatchObject({ answer: ANSWER, rounds: ROUNDS + 1, stopReason: 'no_tool_calls' });
        retries += await retriesOf(client, session);
        const transcript = await transcriptOf(client, session, calm[kind].tag);
        expect(transcript).toHaveLength(expected[kind].length);
        const others = transcript.filter((message, index) => message !== expected[kind][index]);
        // Only Docker's end can leave the outcome of a command unknown, and then the model is told so.
        const told = kind === 'd' ? others.filter((message) => message.includes('its outcome is unknown')) : [];
        expect(others, tag).toEqual(told);
        if (kind === 'd') {
          const lines = await containedLines(result?.artifacts ?? []);
          expect(new Set(lines).size, tag).toBe(lines.length);
          expect(session.effects.filter((effect) => !lines.includes(effect)).length).toBeLessThanOrEqual(told.length);
          unknown += told.length;
        }
      }
      console.log(`Attempts at activities beyond the first: ${retries}`);
      console.log(`Commands whose outcome Docker's end left unknown: ${unknown}`);
      // Effects once.
      const lines = stage.lines().map((line) => line.trim());
      expect(lines.sort()).toEqual([...calm.q.effects, ...inLedger].sort());
      const queries = sessions.flatMap((session) => session.queries);
      console.log(`Answered more than once: ${askedTwice(queries, played).length} of ${queries.length} look-ups`);
      await nothingLeft(stage);
      console.log(`Looked through and closed after ${seconds()} s`);
    }),
);

/** The ledger that a session in a container gives back. */
async function containedLines(artifacts: readonly { name: string; sha256?: string }[]): Promise<string[]> {
  const { sha256 } = artifacts.find(({ name }) => name === CONTAINED_LEDGER) ?? {};
  const bytes = await folderStore(join(stage.contained.stateDir, 'store')).read(`blobs/${sha256}`);
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .slice(0, -1)
    .map((line) => line.trim());
}

/** Look-ups are answered once, but where a fault hit between an answer and the end of its call. */
function askedTwice(queries: readonly string[], played: readonly PlayedFault[]): string[] {
  const twice = queries.filter((query) => stage.search.answered.get(query)?.length !== 1);
  for (const query of twice) {
    const [first = 0, second = 0] = stage.search.answered.get(query) ?? [];
    expect(second, `${query} was never answered`).toBeGreaterThan(0);
    expect(
      played.some(({ began, ended }) => began <= second && ended >= first - 1000),
      query,
    ).toBe(true);
  }
  return twice;
}
