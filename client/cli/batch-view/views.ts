import type { BatchResult, BatchStatus } from '../../../protocol/batch.ts';
import type { ViewOptions } from '../batch-options.ts';
import { openScreen } from '../live-view/screen.ts';
import type { Surroundings } from '../program.ts';
import { cleanLine, wrap } from '../text.ts';
import type { Prices } from './cost.ts';
import { addSample, progressLine, type Sample } from './progress-line.ts';
import { summaryLines } from './summary.ts';

/** How a batch is shown while it runs and at its end. */
export interface View {
  begin(id: string): void;
  show(status: BatchStatus, trouble: string | undefined): void;
  note(text: string): void;
  end(): void;
  finish(result: BatchResult, id: string, files: string[] | undefined): void;
}

export function viewFor(world: Surroundings, { json, prices }: Pick<ViewOptions, 'json' | 'prices'>): View {
  if (json) return jsonView(world);
  return world.out.isTTY && process.env.TERM !== 'dumb' ? terminalView(world, prices) : plainView(world, prices);
}

function finishInWords(
  { out }: Surroundings,
  lines: string[],
  { output }: BatchResult,
  files: string[] | undefined,
): void {
  const places = files ? ['Output:', ...files.map((file) => `  ${file}`)] : [`Output: ${output} (on the workers)`];
  out.write(`${[...lines, ...places].join('\n')}\n`);
}

/** A line or two that are drawn again and again; what is in the way stands below. */
function terminalView(world: Surroundings, prices: Prices | undefined): View {
  const screen = openScreen(world.out);
  let samples: Sample[] = [];
  let progress = '';
  const draw = (trouble?: string) => {
    const lines = [progress, ...(trouble === undefined ? [] : [`! ${trouble}`])].filter(Boolean);
    screen.draw(lines.flatMap((line) => wrap(cleanLine(line), (world.out.columns || 80) - 1)));
  };
  return {
    begin: (id) => world.out.write(`Batch ${id}\n`),
    show(status, trouble) {
      samples = addSample(samples, { at: Date.now(), done: status.done });
      progress = progressLine(status, samples, prices);
      draw(trouble);
    },
    note: draw,
    end() {
      draw();
      screen.leave();
    },
    finish: (result, id, files) => finishInWords(world, summaryLines(result, id, prices), result, files),
  };
}

/** Lines at each twentieth, or once a minute. */
function plainView(world: Surroundings, prices: Prices | undefined): View {
  let samples: Sample[] = [];
  let shown = '';
  let noted = '';
  return {
    begin: (id) => world.out.write(`Batch ${id}\n`),
    show(status, trouble) {
      if (trouble !== undefined) this.note(trouble);
      samples = addSample(samples, { at: Date.now(), done: status.done });
      const step = Math.floor((20 * (status.done + status.skipped)) / Math.max(1, status.total));
      const mark = `${step} ${status.state} ${Math.floor(Date.now() / 60_000)}`;
      if (mark === shown) return;
      shown = mark;
      world.out.write(`${progressLine(status, samples, prices)}\n`);
    },
    note(text) {
      if (text !== noted) world.err.write(`${cleanLine(text)}\n`);
      noted = text;
    },
    end: () => {},
    finish: (result, id, files) => finishInWords(world, summaryLines(result, id, prices), result, files),
  };
}

/** A line of JSON for each state that differs from the one before, and one for the result. */
function jsonView({ out, err }: Surroundings): View {
  let shown = '';
  let noted = '';
  return {
    begin: () => {},
    show(status, trouble) {
      if (trouble !== undefined) this.note(trouble);
      const text = JSON.stringify({ type: 'status', ...status });
      if (text !== shown) out.write(`${text}\n`);
      shown = text;
    },
    note(text) {
      if (text !== noted) err.write(`${cleanLine(text)}\n`);
      noted = text;
    },
    end: () => {},
    finish: (result, id, files) =>
      out.write(`${JSON.stringify({ type: 'result', id, ...result, ...(files ? { files } : {}) })}\n`),
  };
}
