import type { Configuration } from '../configuration/index.ts';
import { checkModelServers } from './model-servers.ts';
import { connectToTemporal, type TemporalConnection } from './temporal.ts';

/**
 * What a worker needs before it takes work: a Temporal server with its namespace and, where it serves model calls, a
 * model server that can be used. Both are checked at once; throws one error with a sentence a line for what is wrong.
 */
export async function checkStart(
  configuration: Configuration,
  warn: (problem: string) => void,
): Promise<TemporalConnection & { configuration: Configuration }> {
  const { roles } = configuration;
  const asksModels = !roles || roles.includes('inference');
  const [models, temporal] = await Promise.allSettled([
    asksModels ? checkModelServers(configuration.endpoints, warn) : configuration.endpoints,
    connectToTemporal(),
  ]);
  if (models.status === 'fulfilled' && temporal.status === 'fulfilled') {
    return { ...temporal.value, configuration: { ...configuration, endpoints: models.value } };
  }
  if (temporal.status === 'fulfilled') await temporal.value.connection.close();
  const reasons = [models, temporal].flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
  throw new Error(reasons.map(({ message }) => message).join('\n'), { cause: reasons[0] });
}
