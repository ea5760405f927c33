import type { ToolProtocol } from '../../protocol/messages.ts';
import { type Endpoint, type EndpointRole, protocolOf } from './endpoint.ts';

/** What a call needs of its endpoint. */
export interface Wanted {
  role: EndpointRole;
  /** Only endpoints that carry calls this way; absent where the call has no tools. */
  protocol?: ToolProtocol;
  /** The endpoint that gave the session's last reply: it has the prompt in its cache. */
  last?: string;
  signal: AbortSignal;
}

/** An endpoint taken for one call. It must be given back, with the failure where there was one. */
export interface Lease {
  endpoint: Endpoint;
  release(failure?: unknown): void;
}

/** The worker's model servers: which one serves a call, and what is known of their health and load. */
export interface Fleet {
  acquire(wanted: Wanted): Promise<Lease>;
  endpoints: readonly Endpoint[];
  close(): Promise<void>;
}

export function makeFleet(endpoints: readonly Endpoint[]): Fleet {
  return {
    endpoints,
    async acquire({ role, protocol, last }) {
      const able = endpoints.filter(
        ({ roles, format }) => roles.includes(role) && (!protocol || protocolOf(format) === protocol),
      );
      const endpoint = able.find(({ name }) => name === last) ?? able[0];
      if (!endpoint) throw new Error(`No endpoint serves the role "${role}".`);
      return { endpoint, release() {} };
    },
    async close() {},
  };
}
