import type { OwnTool } from '../../activities/tools/own-tool.ts';
import type { Configuration } from '../configuration/index.ts';
import { openMcpTools } from '../mcp-tools.ts';
import { checkModelServers } from './model-servers.ts';
import { checkSandbox } from './sandbox.ts';
import { connectToTemporal, type TemporalConnection } from './temporal.ts';
import { checkToolRates } from './tool-rates.ts';

export interface Started extends TemporalConnection {
  /** With what the model servers told about themselves. */
  configuration: Configuration;
  /** Those given and those of MCP servers. */
  tools: OwnTool[];
  /** Ends the MCP servers. */
  closeTools(): Promise<void>;
}

/**
 * What a worker needs before it takes work: a Temporal server with its namespace, a model server that can be used where
 * it serves model calls, the MCP servers where it serves tools, and Docker where it has containers. All are looked at at
 * once; throws one error with a sentence a line for what is wrong.
 */
export async function checkStart(
  configuration: Configuration,
  {
    warn,
    ownTools,
    needsModel,
  }: {
    warn: (problem: string) => void;
    ownTools: readonly OwnTool[];
    /** See `checkModelServers`. */
    needsModel?: boolean;
  },
): Promise<Started> {
  const { roles } = configuration;
  const asksModels = !roles || roles.includes('inference');
  const servesTools = !roles || roles.includes('tools');
  const opening = openMcpTools(configuration, ownTools);
  const [models, temporal, mcp, sandbox] = await Promise.allSettled([
    asksModels ? checkModelServers(configuration.endpoints, { warn, needsModel }) : configuration.endpoints,
    connectToTemporal(),
    opening.then(({ tools }) => servesTools && checkToolRates(configuration, [...ownTools, ...tools])),
    checkSandbox(configuration, warn),
  ]);
  const servers = await opening.catch(() => undefined);
  if (
    models.status === 'fulfilled' &&
    temporal.status === 'fulfilled' &&
    mcp.status === 'fulfilled' &&
    sandbox.status === 'fulfilled' &&
    servers
  ) {
    for (const note of servers.notes) warn(note);
    return {
      ...temporal.value,
      configuration: { ...configuration, endpoints: models.value },
      tools: [...ownTools, ...servers.tools],
      closeTools: servers.close,
    };
  }
  await servers?.close();
  if (temporal.status === 'fulfilled') await temporal.value.connection.close();
  const reasons = [models, temporal, mcp, sandbox].flatMap((end) =>
    end.status === 'rejected' ? [end.reason as Error] : [],
  );
  throw new Error(reasons.map(({ message }) => message).join('\n'), { cause: reasons[0] });
}
