import type { BatchResult, BatchStatus } from '../../../protocol/batch.ts';
import type { ViewOptions } from '../batch-options.ts';
import type { Surroundings } from '../program.ts';
import { cleanLine, truncate } from '../text.ts';
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
  return world.out.isTTY ? terminalView(world, prices) : plainView(world, prices);
}

function finishInWords(
  { out }: Surroundings,
  lines: string[],
  { output }: BatchResult,
  files: string[] | undefined,
): void {
  out.write(`${[...lines, `Output: ${files ? files.join(', ') : `${output} (on the workers)`}`].join('\n')}\n`);
}

/** One line that is drawn again and again. */
function terminalView(world: Surroundings, prices: Prices | undefined): View {
  let samples: Sample[] = [];
  const draw = (line: string) =>
    world.out.write(`\r\u001b[K${truncate(cleanLine(line), (world.out.columns || 80) - 1)}`);
  return {
    begin: (id) => world.out.write(`Batch ${id}\n`),
    show(status, trouble) {
      samples = addSample(samples, { at: Date.now(), done: status.done });
      draw(trouble ?? progressLine(status, samples, prices));
    },
    note: draw,
    end: () => world.out.write('\n'),
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
