/** One request as it came, for tests and for people who look at what the model was asked. Times are epoch ms. */
export interface LoggedRequest {
  /** Counts from 1. */
  number: number;
  method: string;
  path: string;
  requestId?: string;
  startedAt: number;
  endedAt?: number;
  status?: number;
  /** The client closed the connection before the answer was complete. */
  disconnected?: true;
  /** Kind of the fault that was played. */
  fault?: string;
  /** Messages in the body. */
  messages?: number;
  promptTokens?: number;
  cachedTokens?: number;
  /** Tokens generated so far. */
  completionTokens?: number;
  /** Only where bodies are kept. */
  body?: unknown;
}

export interface RequestLog {
  /** Oldest first. Entries of running requests are still changing. */
  list(): LoggedRequest[];
  clear(): void;
}

const KEPT = 2000;

export function createRequestLog(): RequestLog & { start(method: string, path: string): LoggedRequest } {
  let entries: LoggedRequest[] = [];
  let count = 0;
  return {
    list: () => entries.map((entry) => ({ ...entry })),
    clear() {
      entries = [];
    },
    start(method, path) {
      const entry: LoggedRequest = { number: ++count, method, path, startedAt: Date.now() };
      entries.push(entry);
      if (entries.length > KEPT) entries.shift();
      return entry;
    },
  };
}
