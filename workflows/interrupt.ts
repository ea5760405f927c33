import type { Runtime } from './runtime.ts';

/**
 * A reason to cut work short, with the work that runs until it holds. Whoever makes it hold says so by `raise`: a
 * condition that waits beside every piece of work would be looked at in each workflow task.
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

  /** Runs work until it ends or the reason holds; then it is cut short and rejects with `Cancelled`. */
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
