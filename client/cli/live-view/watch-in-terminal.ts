import type { ResearchResult } from '../../../protocol/result.ts';
import { ResearchFailed } from '../../errors.ts';
import type { ResearchSession } from '../../session.ts';
import { styleFor } from '../style.ts';
import { advance, frameOf, newLiveState } from './frame.ts';
import { noticeLines, permanentLines } from './lines.ts';
import type { Notices } from './notices.ts';
import { printResult } from './print-result.ts';
import { openScreen, type Terminal } from './screen.ts';

export interface TerminalWatchOptions {
  /** Default `process.stdout`. */
  out?: Terminal & { isTTY?: boolean };
  /** Whether to redraw in place and use colours; else plain lines. Default: `out.isTTY`. */
  isTTY?: boolean;
  /** Default: the terminal's own, also after it was resized; else 80. */
  columns?: number;
  /** Ends the watch; the session goes on. */
  signal?: AbortSignal;
  /** Show only the rounds after this one. */
  afterRound?: number;
  /** How a person calls the command line, for hints. Default `npx deep-research`. */
  command?: string;
  /** Lines that come from elsewhere while this has the terminal. */
  notices?: Notices;
  /** What is done with the answer. Default: it is printed, with its sources and totals. */
  print?: (result: ResearchResult) => void;
  /** Milliseconds between two looks at the session. Default 1,000. */
  intervalMs?: number;
}

/** Lines of the live region at most. */
const MOST_ROWS = 8;
/** Milliseconds between two drawings: enough for a clock and a spinner. */
const FRAME_MS = 120;

/**
 * Shows a session as it works and prints its answer. Resolves to the result at the first answer, to undefined when
 * `signal` aborted; throws `ResearchFailed` where there is no answer.
 */
export async function watchInTerminal(
  session: Pick<ResearchSession, 'id' | 'watch'>,
  options: TerminalWatchOptions = {},
): Promise<ResearchResult | undefined> {
  const { out = process.stdout, signal, afterRound, command = 'npx deep-research', intervalMs } = options;
  const isTTY = (options.isTTY ?? out.isTTY ?? false) && process.env.TERM !== 'dumb';
  const print = options.print ?? ((result) => printResult(result, { out, isTTY, columns: options.columns }));
  const style = styleFor(isTTY);
  // The last column stays free: a full line makes terminals wrap in ways that differ.
  const columns = () => (isTTY ? Math.max(20, options.columns || out.columns || 80) - 1 : Infinity);
  const screen = isTTY ? openScreen(out) : undefined;
  let state = newLiveState();
  const draw = () => {
    const rows = Math.min(MOST_ROWS, (out.rows || 24) - 1);
    screen?.draw(frameOf(state, { style, columns: columns(), rows, now: Date.now() }));
  };
  const put = (lines: string[]) => {
    if (screen) screen.print(lines);
    else if (lines.length) out.write(`${lines.join('\n')}\n`);
  };
  const giveBack = options.notices?.divert((line) => put(noticeLines(line, { style, columns: columns() })));
  const clock = screen && setInterval(draw, FRAME_MS);

  try {
    for await (const event of session.watch({ signal, afterRound, intervalMs })) {
      if (event.type === 'answered') {
        clearInterval(clock);
        screen?.close();
        print(event.result);
        if (event.open) out.write(`\nFollow-up questions are taken:\n  ${command} answer ${session.id} "…"\n`);
        return event.result;
      }
      if (event.type === 'failed') {
        throw new ResearchFailed(event.kind, event.message, { type: event.failureType });
      }
      if (event.type === 'cancelled') throw new ResearchFailed('cancelled', event.message);
      state = advance(state, event);
      put(permanentLines(event, { style, columns: columns(), id: session.id, command }));
    }
    return undefined;
  } finally {
    giveBack?.();
    clearInterval(clock);
    screen?.close();
  }
}
