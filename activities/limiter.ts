/** Runs one piece of work now or when a place is free. */
export type Limiter = <R>(work: () => Promise<R>) => Promise<R>;

/** Lets at most so many pieces of work run at once; the others wait in their order. */
export function limiter(places: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= places) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, so that nobody who comes just now takes it.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
