import { EXIT, Exit } from '../client/cli/exit.ts';
import type { Notices } from '../client/cli/live-view/notices.ts';
import { printResult } from '../client/cli/live-view/print-result.ts';
import { watchInTerminal } from '../client/cli/live-view/watch-in-terminal.ts';
import { printJson } from '../client/cli/print-json.ts';
import { ResearchFailed, type ResearchResult, type ResearchSession } from '../client/index.ts';

export interface FollowOptions {
  json?: boolean;
  notices: Notices;
  /** No worker runs: only the result can be had. */
  ended: boolean;
  signal: AbortSignal;
  /** The command that goes on. */
  again: string;
  /** How to call the client's command line. */
  command: string;
}

/** Shows the session until its answer, or only the answer of one that has ended. Throws where there is none. */
export async function follow(session: ResearchSession, options: FollowOptions): Promise<void> {
  const { json, ended, signal, again, command, notices } = options;
  const out = json ? process.stderr : process.stdout;
  const print = (result: ResearchResult) =>
    json
      ? printJson(process.stdout, { id: session.id, ...result })
      : printResult(result, { out: process.stdout, isTTY: process.stdout.isTTY });
  try {
    if (ended) {
      print(await session.result({ signal }));
      if (!json)
        out.write(`\nAnswered before; to ask again:\n  ${again.replace('npm start --', 'npm start -- --new')}\n`);
      return;
    }
    const result = await watchInTerminal(session, { out, signal, command, print, notices });
    if (result && (await session.snapshot()).outcome === 'running') {
      out.write('It runs here until the session closes, or Ctrl-C.\n');
      await session.result({ signal }).catch(() => undefined);
    }
    if (result) return;
  } catch (error) {
    if (!(error instanceof ResearchFailed)) throw error;
    if (json) printJson(process.stdout, { id: session.id, failure: { kind: error.kind, message: error.message } });
    throw ended ? new ResearchFailed(error.kind, `${error.message} To ask again: --new.`, { cause: error }) : error;
  }
  process.stderr.write(`\nThe session is kept as it is. To go on:\n  ${again}\n`);
  throw new Exit(EXIT.interrupted);
}
