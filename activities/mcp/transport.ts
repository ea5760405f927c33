import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Agent, fetch } from 'undici';
import type { McpAddress, McpProcess, McpServerSettings } from './settings.ts';

export interface OpenTransport {
  transport: Transport;
  /** The last of what the server's process wrote to its standard error. */
  lastWords(): string;
  /** Tells the server that nothing more will come, where it has a session to forget. */
  leave(): Promise<void>;
}

/** As much of the standard error as is kept. */
const KEPT_CHARACTERS = 2_000;

/** More in one message is none that a model could read. */
const MOST_BYTES = 32 * 1024 * 1024;

export const openTransport = ({ transport }: McpServerSettings): OpenTransport =>
  transport.kind === 'process' ? processTransport(transport) : addressTransport(transport);

function processTransport({ command, args, env, cwd }: McpProcess): OpenTransport {
  const transport = new StdioClientTransport({
    command,
    args: args.reveal(),
    env: env.reveal(),
    ...(cwd === undefined ? {} : { cwd }),
    stderr: 'pipe',
    maxBufferSize: MOST_BYTES,
  });
  let words = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-KEPT_CHARACTERS);
  });
  return { transport, lastWords: () => words.trim(), leave: async () => {} };
}

/**
 * How long a call may be silent is said by the call's own limit. Each has a connection of its own: of one that is kept,
 * and that the server closes meanwhile, nobody knows whether the call arrived.
 */
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, pipelining: 0 });

function addressTransport({ url, headers }: McpAddress): OpenTransport {
  const transport = new AnsweringTransport(new URL(url.reveal()), {
    requestInit: { headers: headers.reveal() },
    fetch: ((address: string | URL, init?: object) =>
      fetch(address, { ...init, dispatcher })) as unknown as typeof globalThis.fetch,
  });
  return { transport, lastWords: () => '', leave: () => transport.terminateSession() };
}

/** Code of the error that stands for an answer that was cut off. */
export const CUT_OFF = -32_099;

/** Answers a request itself when the stream of its answer ends without one: its caller would wait in vain. */
class AnsweringTransport extends StreamableHTTPClientTransport {
  override send(...[message, options]: Parameters<StreamableHTTPClientTransport['send']>): Promise<void> {
    const id = 'id' in message && 'method' in message ? message.id : undefined;
    if (id === undefined || options?.onRequestStreamEnd) return super.send(message, options);
    const error = { code: CUT_OFF, message: 'The connection ended before the answer.' };
    const onRequestStreamEnd = () => this.onmessage?.({ jsonrpc: '2.0', id, error });
    return super.send(message, { ...options, onRequestStreamEnd });
  }
}
