/**
 * Milliseconds that go on evenly, whatever happens to the clock of the day: for how long something takes or rests. They
 * count from the epoch as the clock had it at the start of this process.
 */
export const steadyNow = (): number => Math.round(performance.timeOrigin + performance.now());
