/** Temporal's names of what a record belongs to, in the order in which they are written, and ours. */
const NAMES: [from: string, to: string][] = [
  ['workflowId', 'workflowId'],
  ['runId', 'runId'],
  // Activities call it so.
  ['workflowRunId', 'runId'],
  ['workflowType', 'workflow'],
  ['round', 'round'],
  ['call', 'call'],
  ['activityType', 'activity'],
  ['attempt', 'attempt'],
];

/** Long, and nobody looks for it; `task` and `taskEncoded` hold a call's arguments. */
const LEFT_OUT = new Set(['taskToken', 'isLocal', 'sdkComponent', 'namespace', 'task', 'taskEncoded']);

/** A record's fields: first what it belongs to, then what it says. */
export function fieldsOf(meta: Record<string | symbol, unknown> = {}): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [from, to] of NAMES) if (meta[from] !== undefined) fields[to] = meta[from];
  const known = new Set(NAMES.map(([from]) => from));
  for (const [name, value] of Object.entries(meta)) {
    if (known.has(name) || LEFT_OUT.has(name) || value === undefined) continue;
    fields[name] = value instanceof Error ? errorIn(value) : value;
  }
  return fields;
}

function errorIn(error: Error, depth = 0): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(depth === 0 && stack ? { stack } : {}),
    ...(cause instanceof Error && depth < 5 ? { cause: errorIn(cause, depth + 1) } : {}),
  };
}
