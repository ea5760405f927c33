/** Milliseconds between two tasks that start sessions; shares of what a session and a task take. */
const PACE = { least: 100, most: 1000, ofSession: 0.04, ofTask: 2.5 };
/** With fewer at work, a place that is empty meanwhile is a large part of them. */
const FEWEST_HELD = 8;
/** How many of the last ones an average is of. */
const REMEMBERED = 8;

/**
 * Lets sessions be started a few times a second, and no more often: a task for the end and the start of each costs more
 * than all else that a batch does for it. Having started some, the workflow is woken at once, for they tell that they have
 * begun; that task the worker holds open, so that what happens meanwhile comes as one. A place is empty for half of the
 * time between, on average: little beside what a session takes, or where all is slow for want of processors, the sessions
 * that are at work use them.
 */
export class Pace {
  /** Averages, milliseconds; 0: not known. */
  #sessionMs = 0;
  #taskMs = 0;
  #startedAt = 0;
  #woken = true;
  readonly #hold: (ms: number) => void;

  constructor(hold: (ms: number) => void) {
    this.#hold = hold;
  }

  ended(ms: number): void {
    this.#sessionMs = average(this.#sessionMs, ms);
  }

  /** At the end of what is done in a task. `started`: sessions were started in it. */
  next(atWork: number, started: boolean): void {
    const now = Date.now();
    // More than once in a task.
    if (now === this.#startedAt) return;
    if (!this.#woken) this.#taskMs = average(this.#taskMs, now - this.#startedAt);
    this.#woken = true;
    const wanted = Math.max(PACE.least, this.#sessionMs * PACE.ofSession, this.#taskMs * PACE.ofTask);
    const left = this.#startedAt + Math.min(PACE.most, wanted) - now;
    if (left > 0) {
      if (atWork >= FEWEST_HELD) this.#hold(left);
    } else if (started) {
      this.#startedAt = now;
      this.#woken = false;
    }
  }
}

const average = (before: number, value: number): number =>
  before === 0 ? value : before + (value - before) / REMEMBERED;
