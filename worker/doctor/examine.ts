import { type Configuration, ConfigurationError, readConfiguration } from '../configuration/index.ts';
import { openMcpTools } from '../mcp-tools.ts';
import { checkSandbox } from '../start-checks/sandbox.ts';
import { connectToTemporal, type TemporalConnection } from '../start-checks/temporal.ts';
import { checkToolRates } from '../start-checks/tool-rates.ts';
import { badOf, type Finding, findingsOf } from './finding.ts';
import { checkModels } from './models.ts';
import { checkSearch } from './search.ts';
import { checkStorage } from './storage.ts';
import { checkClock, checkDeployment, checkPollers, checkSearchAttributes } from './temporal.ts';
import { checkVersions } from './versions.ts';

/** What can be left out, by the names that people give. */
export const PARTS = ['temporal', 'workers', 'models', 'search', 'sandbox', 'storage', 'mcp'] as const;
export type Part = (typeof PARTS)[number];

/** Only whether this machine's own worker is at work: Temporal, and its queues. For health checks, which come often. */
export async function examineMine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const configuration = readConfiguration(env);
  return withTemporal(({ connection, namespace }) => checkPollers(connection, namespace, configuration, true));
}

/** Looks at all that a deployment needs, everything at once; what is wrong in one place hides nothing in another. */
export async function examine(env: NodeJS.ProcessEnv, skip: readonly Part[] = []): Promise<Finding[]> {
  const wants = (part: Part) => !skip.includes(part);
  const versions = checkVersions();
  let configuration: Configuration;
  try {
    // A client machine has no model server; a worker that needs one and has none is told so below.
    configuration = readConfiguration(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const faults = error.problems.flatMap((problem) => badOf('Configuration', problem));
    return [...versions, ...faults, ...(wants('temporal') ? await temporalAlone() : [])];
  }
  const has = (role: 'inference' | 'tools' | 'sandbox') => !configuration.roles || configuration.roles.includes(role);
  const parts = await Promise.all([
    wants('temporal') ? checkTemporal(configuration, wants('workers')) : [],
    wants('models') && has('inference') ? checkModels(configuration.endpoints) : [],
    wants('search') && has('tools') ? checkSearch(configuration) : [],
    wants('mcp') && has('tools') ? checkMcp(configuration) : [],
    wants('sandbox') && has('sandbox') ? checkCode(configuration) : [],
    wants('storage') ? checkStorage(configuration) : [],
  ]);
  return [
    ...versions,
    findingsOf('Configuration').good(
      `Queue ${configuration.taskQueue}; roles ${configuration.roles?.join(', ') ?? 'all'}.`,
    ),
    ...parts.flat(),
  ];
}

async function temporalAlone(): Promise<Finding[]> {
  return withTemporal(async () => []);
}

const checkTemporal = (configuration: Configuration, workers: boolean): Promise<Finding[]> =>
  withTemporal(async ({ connection, namespace }) => {
    const looks = [
      checkSearchAttributes(connection, namespace),
      ...(workers ? [checkPollers(connection, namespace, configuration)] : []),
      checkDeployment(connection, namespace, configuration),
      checkClock(connection, namespace),
    ];
    return (await Promise.all(looks)).flat();
  });

async function withTemporal(look: (temporal: TemporalConnection) => Promise<Finding[]>): Promise<Finding[]> {
  const { good } = findingsOf('Temporal');
  let temporal: TemporalConnection;
  try {
    temporal = await connectToTemporal();
  } catch (error) {
    return badOf('Temporal', error);
  }
  try {
    const { serverVersion } = await temporal.connection.workflowService.getSystemInfo({});
    return [good(`Server ${serverVersion}; namespace ${temporal.namespace}.`), ...(await look(temporal))];
  } catch (error) {
    return badOf('Temporal', error);
  } finally {
    await temporal.connection.close();
  }
}

async function checkCode(configuration: Configuration): Promise<Finding[]> {
  const { good, warning } = findingsOf('Sandbox');
  const { docker } = configuration;
  if (!docker) {
    return [
      warning(
        'Code and commands run as processes of the worker, with its files and its network: for trying out only.',
        'set SANDBOX_MODE=docker and build the image (docs/sandbox.md)',
      ),
    ];
  }
  const faults: Finding[] = [];
  try {
    await checkSandbox(configuration, (problem) => faults.push(warning(problem)));
    return [good(`Containers of ${docker.image} can be made.`), ...faults];
  } catch (error) {
    return badOf('Sandbox', error);
  }
}

async function checkMcp(configuration: Configuration): Promise<Finding[]> {
  const { good, warning } = findingsOf('Tools');
  try {
    const servers = await openMcpTools(configuration, []);
    await servers.close();
    checkToolRates(configuration, servers.tools);
    const names = servers.tools.map(({ name }) => name).join(', ');
    return [...(names ? [good(`MCP servers give ${names}.`)] : []), ...servers.notes.map((note) => warning(note))];
  } catch (error) {
    return badOf('Tools', error);
  }
}
