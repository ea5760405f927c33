import type { McpServers } from '../activities/mcp/index.ts';
import { takenNames } from '../activities/tools/all-tools.ts';
import type { OwnTool } from '../activities/tools/own-tool.ts';
import type { Configuration } from './configuration/index.ts';
import { VERSION } from './version.ts';

/** The protocol's client is loaded where there are servers: it is as large as all else that a worker loads. */
const load = () => import('../activities/mcp/index.ts');

/**
 * Starts the configured MCP servers and asks for their tools, where this worker serves tools.
 *
 * @param ownTools whose names are taken
 * @throws Error with a sentence a line for the servers that cannot be used
 */
export async function openMcpTools(
  { mcpServers, roles }: Pick<Configuration, 'mcpServers' | 'roles'>,
  ownTools: readonly OwnTool[] = [],
): Promise<McpServers> {
  if (mcpServers.length === 0 || (roles && !roles.includes('tools'))) {
    return { tools: [], notes: [], close: async () => {} };
  }
  const { McpServersFailed, openMcpServers } = await load();
  try {
    return await openMcpServers(mcpServers, { taken: takenNames(ownTools).keys(), version: VERSION });
  } catch (error) {
    if (!(error instanceof McpServersFailed)) throw error;
    const lines = error.failures.map(
      ({ name, reason }) => `DEEP_RESEARCH_MCP_SERVERS: the MCP server "${name}" cannot be used: ${reason}.`,
    );
    throw new Error(lines.join('\n'), { cause: error });
  }
}
