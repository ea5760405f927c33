import { type CallToolResult, Client } from '@modelcontextprotocol/client';
import { untilAborted } from '../web/until-aborted.ts';
import { inOneLine, reasonOf } from './failure.ts';
import type { McpServerSettings } from './settings.ts';
import { type ToolList, toolList } from './tool-list.ts';
import { openTransport } from './transport.ts';

/** A server that is being downloaded by `npx` takes its time. */
const START_LIMIT_MS = 60_000;

/** A server that knows nothing of newer protocols may not answer the question for them. */
const PROBE_LIMIT_MS = 5_000;

/** Longest wait for an answer; each call has a shorter limit of its own. */
const CALL_LIMIT_MS = 24 * 3_600_000;

const LEAVE_LIMIT_MS = 1_000;

/** The server cannot be started or reached; the message is a sentence's end that says why. */
export class Unreachable extends Error {
  override name = 'Unreachable';
  /** What its process said last: for people, not for models. */
  readonly lastWords: string;

  constructor(message: string, { lastWords = '', ...options }: ErrorOptions & { lastWords?: string } = {}) {
    super(message, options);
    this.lastWords = lastWords;
  }
}

export interface McpConnection {
  /** Undefined where the server says that it has none. */
  tools(): Promise<ToolList | undefined>;
  call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult>;
  /** Whether it can still be used, as far as is known. */
  open(): boolean;
  /** What the server's process said last. */
  lastWords(): string;
  /** Takes no more calls, and ends when those that run have ended: one that failed must not cost the others. */
  retire(): void;
  close(): Promise<void>;
}

/** Starts the server's process or opens a session at its address. @throws Unreachable */
export async function connect(server: McpServerSettings, version: string): Promise<McpConnection> {
  const { transport, lastWords, leave } = openTransport(server);
  const client = new Client(
    { name: 'temporal-deep-research', version },
    {
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_LIMIT_MS } },
      // A model reads the results; what a stranger's schema says of them is nothing to spend time on.
      jsonSchemaValidator: {
        getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
      },
    },
  );
  let open = true;
  let transportOpen = true;
  client.onclose = () => {
    open = false;
    transportOpen = false;
  };
  let running = 0;
  const spoken = () => inOneLine(lastWords(), server);
  const close = async () => {
    const wasOpen = transportOpen;
    open = false;
    if (wasOpen) await untilAborted(leave(), AbortSignal.timeout(LEAVE_LIMIT_MS)).catch(() => {});
    await client.close();
  };
  const closeIfIdle = () => {
    if (!open && running === 0) void close().catch(() => {});
  };
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  try {
    await untilAborted(client.connect(transport, { timeout: START_LIMIT_MS }), limit);
  } catch (error) {
    await client.close().catch(() => {});
    const why = limit.aborted ? `it was not ready within ${START_LIMIT_MS / 1000} s` : reasonOf(error, server);
    throw new Unreachable(why, { cause: error, lastWords: spoken() });
  }
  return {
    async tools() {
      return client.getServerCapabilities()?.tools ? toolList(client, { timeout: START_LIMIT_MS }) : undefined;
    },
    async call(name, args, signal) {
      running += 1;
      try {
        return await client.callTool({ name, arguments: args }, { signal, timeout: CALL_LIMIT_MS });
      } finally {
        running -= 1;
        closeIfIdle();
      }
    },
    open: () => open,
    lastWords: spoken,
    retire() {
      open = false;
      closeIfIdle();
    },
    close,
  };
}
