/** Calls that wait for a place, those of the best priority first, then in the order they came. */
export interface Queue {
  /**
   * Waits until `attempt` gives something; it is made at once, and after every change in turn with those of the others.
   * Rejects with the signal's reason.
   */
  wait<T>(attempt: () => T | undefined, priority: number, signal: AbortSignal): Promise<T>;
  /** Something has changed: every waiting call tries again. */
  serve(): void;
}

interface Waiting {
  priority: number;
  /** Whether it has been served. */
  serve(): boolean;
}

/** `everyMs`: how often they try again where nothing is seen to change, for patience ends as well. */
export function makeQueue(everyMs: number): Queue {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;

  const leave = (one: Waiting) => {
    waiting = waiting.filter((other) => other !== one);
    if (waiting.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const serve = () => {
    for (const one of waiting) if (one.serve()) leave(one);
  };

  return {
    serve,
    wait<T>(attempt: () => T | undefined, priority: number, signal: AbortSignal): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const one: Waiting = {
        priority,
        serve() {
          try {
            const given = attempt();
            if (given === undefined) return false;
            resolve(given);
          } catch (error) {
            reject(error);
          }
          return true;
        },
      };
      const stop = () => {
        leave(one);
        reject(signal.reason);
      };
      if (signal.aborted) return Promise.reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      const before = waiting.findLastIndex((other) => other.priority <= priority);
      waiting = waiting.toSpliced(before + 1, 0, one);
      timer ??= setInterval(serve, everyMs).unref();
      serve();
      return promise.finally(() => signal.removeEventListener('abort', stop));
    },
  };
}
