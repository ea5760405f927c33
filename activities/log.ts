import { Context } from '@temporalio/activity';

/** As Temporal's loggers take it. */
export interface Log {
  info(message: string, attributes?: Record<string, unknown>): void;
  warn(message: string, attributes?: Record<string, unknown>): void;
}

let ofProcess: Log = { info: () => {}, warn: (message) => console.warn(message) };

/** Where records go that belong to no activity; the worker's log, once there is one. */
export function logTo(log: Log): void {
  ofProcess = log;
}

/** Writes to the log; in an activity, with the session, round and call it belongs to. */
export const log: Log = {
  info: (message, attributes) => current().info(message, attributes),
  warn: (message, attributes) => current().warn(message, attributes),
};

function current(): Log {
  try {
    return Context.current().log;
  } catch {
    return ofProcess;
  }
}
