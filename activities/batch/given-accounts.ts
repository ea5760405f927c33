/** Accounts that workflows of this process have given, by their run, until `conclude` takes them. */
const given = new Map<string, string>();
let characters = 0;

/** They lie here for the moment between a workflow's task and its next activity; what is too much is asked for again. */
const MOST_CHARACTERS = 50_000_000;

export function giveAccount(runId: string, account: string): void {
  takeAccount(runId);
  given.set(runId, account);
  characters += account.length;
  for (const oldest of given.keys()) {
    if (characters <= MOST_CHARACTERS) break;
    takeAccount(oldest);
  }
}

export function takeAccount(runId: string): string | undefined {
  const account = given.get(runId);
  if (account !== undefined && given.delete(runId)) characters -= account.length;
  return account;
}
