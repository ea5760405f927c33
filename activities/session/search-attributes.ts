import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { steadyNow } from '../steady-now.ts';

/** Somebody who adds attributes to a server sees them in sessions that begin a minute later. */
const KEPT_MS = 60_000;

const asked = new WeakMap<Client['connection'], Map<string, { names: Set<string>; at: number }>>();

/** The server's search attributes; none where it does not let a worker ask. Asked once a minute, not by each session. */
export async function searchAttributesOf({ connection, options }: Client): Promise<Set<string>> {
  const { namespace } = options;
  const ofServer = asked.get(connection) ?? new Map<string, { names: Set<string>; at: number }>();
  asked.set(connection, ofServer);
  const kept = ofServer.get(namespace);
  if (kept && steadyNow() - kept.at < KEPT_MS) return kept.names;
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const names = new Set(Object.keys(customAttributes ?? {}));
    ofServer.set(namespace, { names, at: steadyNow() });
    return names;
  } catch {
    return new Set();
  }
}

/** Whether the server has those that a session sets. */
export const hasSessionAttributes = (names: ReadonlySet<string>): boolean =>
  names.has(SEARCH_ATTRIBUTE.state) && names.has(SEARCH_ATTRIBUTE.rounds);
