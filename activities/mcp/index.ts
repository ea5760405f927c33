import type { OwnTool } from '../tools/own-tool.ts';
import { Unreachable } from './connection.ts';
import { McpServer } from './server.ts';
import type { McpServerSettings } from './settings.ts';
import { serveTools } from './tools.ts';

export interface McpServers {
  /** Of all servers, in the order of the servers and of their lists. */
  tools: OwnTool[];
  /** What is not served as a server has it, a sentence each. */
  notes: string[];
  /** Ends the processes and sessions. */
  close(): Promise<void>;
}

/** Of some servers, those that cannot be used, with the sentence's end that says why. */
export class McpServersFailed extends Error {
  readonly failures: readonly { name: string; reason: string }[];

  constructor(failures: readonly { name: string; reason: string }[]) {
    super(failures.map(({ name, reason }) => `the MCP server "${name}" cannot be used: ${reason}`).join('\n'));
    this.failures = failures;
  }
}

/**
 * Starts MCP servers, all at once, and asks for their tools.
 *
 * @param taken names that their tools may not have, in lower case
 * @throws McpServersFailed
 */
export async function openMcpServers(
  settings: readonly McpServerSettings[],
  { taken, version }: { taken: Iterable<string>; version: string },
): Promise<McpServers> {
  const servers = settings.map((each) => new McpServer(each, version));
  const close = async () => {
    await Promise.all(servers.map((server) => server.close().catch(() => {})));
  };
  const lists = await Promise.allSettled(servers.map((server) => server.tools()));
  const failures = lists.flatMap((list, index) =>
    list.status === 'rejected' ? [{ name: settings[index]?.name ?? '', reason: told(list.reason) }] : [],
  );
  if (failures.length > 0) {
    await close();
    throw new McpServersFailed(failures);
  }
  const names = new Set(taken);
  const served = servers.map((server, index) => {
    const list = lists[index];
    return serveTools(server, list?.status === 'fulfilled' ? list.value : { tools: [], unreadable: 0 }, names);
  });
  return { tools: served.flatMap(({ tools }) => tools), notes: served.flatMap(({ notes }) => notes), close };
}

function told(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof Unreachable && error.lastWords ? `${why}; its last words: ${error.lastWords}` : why;
}
