import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';

export const NAMESPACE = 'default';

/** Search attributes of the sessions, with the CLI's names of their types. */
export const SEARCH_ATTRIBUTES: Record<string, SearchAttributeType> = {
  [SEARCH_ATTRIBUTE.state]: 'Keyword',
  [SEARCH_ATTRIBUTE.rounds]: 'Int',
  [SEARCH_ATTRIBUTE.batch]: 'Keyword',
};

/** `IndexedValueType` of Temporal's API by the CLI's names. */
const INDEXED_VALUE_TYPE = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const;

export type SearchAttributeType = keyof typeof INDEXED_VALUE_TYPE;

export interface Readiness {
  searchAttributes: Record<string, SearchAttributeType>;
  /** Days that closed sessions stay viewable. */
  retentionDays: number;
}

export interface ReadyWait {
  limitMs: number;
  /** Resolves when there is nothing left to wait for, such as the server's end. */
  over: Promise<unknown>;
  signal?: AbortSignal;
}

const CALL_LIMIT_MS = 5_000;
const DAY_SECONDS = 86_400;

/** Tries `makeReady` until it succeeds. @returns undefined then, else why the last try failed */
export async function waitUntilReady(address: string, wanted: Readiness, wait: ReadyWait): Promise<string | undefined> {
  const until = Date.now() + wait.limitMs;
  let over = false;
  const ended = wait.over.then(() => {
    over = true;
  });
  let reason = 'it ended';
  while (!over && !wait.signal?.aborted && Date.now() < until) {
    try {
      await makeReady(address, wanted);
      if (!over) return undefined;
    } catch (error) {
      reason = (error as Error).message;
      await Promise.race([ended, sleep(200)]);
    }
  }
  return reason;
}

/**
 * One try at having the server as sessions need it: the namespace answers, knows the search attributes, and keeps
 * closed sessions long enough (a dev server's own retention is 1 day, and no flag sets it). Adds what is missing, which
 * a server started by an older version may lack.
 * @throws Error if anything does not answer within a few seconds, or has not arrived yet
 */
async function makeReady(address: string, wanted: Readiness): Promise<void> {
  await withConnection(address, async ({ workflowService, operatorService }) => {
    const { config } = await workflowService.describeNamespace({ namespace: NAMESPACE });
    const seconds = wanted.retentionDays * DAY_SECONDS;
    if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) < seconds) {
      await workflowService.updateNamespace({
        namespace: NAMESPACE,
        config: { workflowExecutionRetentionTtl: { seconds: seconds as never } },
      });
    }
    const missing = async () => {
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace: NAMESPACE });
      return Object.entries(wanted.searchAttributes).filter(([name]) => !(name in customAttributes));
    };
    const add = (await missing()).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]);
    if (!add.length) return;
    await operatorService.addSearchAttributes({ namespace: NAMESPACE, searchAttributes: Object.fromEntries(add) });
    const late = (await missing()).map(([name]) => name);
    if (late.length) throw new Error(`the search attributes ${late.join(', ')} are not there yet`);
  });
}

/** One call that any sound server answers, from its database. @throws Error if it does not */
export async function answers(address: string): Promise<void> {
  await withConnection(address, async ({ workflowService }) => {
    await workflowService.listNamespaces({ pageSize: 1 });
  });
}

/** A connection for each try: a kept one would wait longer and longer between its own attempts to connect. */
async function withConnection(address: string, work: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = await Connection.connect({
    address,
    connectTimeout: CALL_LIMIT_MS,
    // Whoever asks tries again; the SDK's own tries would last until the deadline, and hide what the server said.
    interceptors: [],
    // A proxy from the environment cannot reach this machine's loopback.
    channelArgs: { 'grpc.enable_http_proxy': 0 },
  });
  try {
    await connection.withDeadline(Date.now() + CALL_LIMIT_MS, () => work(connection));
  } finally {
    await connection.close();
  }
}
