import type { GivenAccount } from '../../protocol/account.ts';

/** What workflows of this process have given, by their run, until `conclude` takes it. */
const given = new Map<string, GivenAccount>();
let characters = 0;

/** It lies here for the moment between a workflow's task and its next activity; what is too much is asked for again. */
const MOST_CHARACTERS = 50_000_000;

export function giveAccount(runId: string, account: GivenAccount): void {
  takeAccount(runId);
  given.set(runId, account);
  characters += account.account.length;
  for (const oldest of given.keys()) {
    if (characters <= MOST_CHARACTERS) break;
    takeAccount(oldest);
  }
}

export function takeAccount(runId: string): GivenAccount | undefined {
  const taken = given.get(runId);
  if (taken !== undefined && given.delete(runId)) characters -= taken.account.length;
  return taken;
}
