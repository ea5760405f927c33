import type { Runtime } from './runtime.ts';

/**
 * A reason to cut work short, with the work that runs until it holds. Whoever makes it hold says so by `raise`: a
 * condition that waits beside the work would be looked at in each workflow task. Meant for long work, as the whole round
 * loop: the SDK captures a stack for every promise in a workflow, and to be stoppable costs eight of them.
 */
export class Interrupt {
  private readonly running = new Set<() => void>();
  readonly holds: () => boolean;

  constructor(holds: () => boolean) {
    this.holds = holds;
  }

  /** Stops what runs, where the reason holds. */
  raise(): void {
    if (!this.holds()) return;
    for (const stop of [...this.running]) stop();
  }

  /** Runs work to its end; once the reason holds, its activities reject with `Cancelled`. */
  async run<T>(runtime: Runtime, work: () => Promise<T>): Promise<T> {
    const { result, stop } = runtime.stoppable(work);
    this.running.add(stop);
    if (this.holds()) stop();
    try {
      return await result;
    } finally {
      this.running.delete(stop);
    }
  }
}
