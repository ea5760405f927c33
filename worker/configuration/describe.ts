import type { SearchKind } from '../../activities/providers/provider.ts';
import { placeInWords } from '../../store/place.ts';
import type { Configuration } from './index.ts';

/** The configuration for the start of a log: a line for each group, without secrets. `furtherTools` are beside the nine. */
export function describe(configuration: Configuration, furtherTools: readonly { name: string }[] = []): string[] {
  const {
    endpoints,
    corpora,
    filesDir,
    skillFolders,
    stateDir,
    taskQueue,
    roles,
    log,
    worker,
    providers,
    cache,
    mcpServers,
    store,
    transcription,
    variables,
  } = configuration;
  const names = (kind: SearchKind) => providers[kind].map(({ name }) => name).join(' ') || 'none';
  const models = endpoints.map(({ name, url, model, format, apiKey, weight, roles, contextTokens }) => {
    const notes = [
      format,
      apiKey ? 'with a key' : 'without a key',
      ...(contextTokens ? [`${contextTokens} tokens`] : []),
      ...(weight === 1 ? [] : [`weight ${weight}`]),
      ...(roles.length > 1 && !roles.includes('vision') ? [] : [`for ${roles.join(' ')}`]),
    ];
    return `${name} = ${model} at ${withoutPassword(url)} (${notes.join(', ')})`;
  });
  const tools = [
    `documents ${corpora.join(', ') || 'none'}`,
    `input files ${filesDir ?? 'by hash only'}`,
    ...(skillFolders.length > 0 ? [`skills of ${skillFolders.join(', ')}`] : []),
    ...(variables.TOOLS_SERVER_BASE_ENDPOINT_URL
      ? [`tool services ${variables.TOOLS_SERVER_BASE_ENDPOINT_URL.map(withoutPassword).join(', ')}`]
      : []),
    ...(mcpServers.length > 0 ? [`MCP servers ${mcpServers.map(({ name }) => name).join(', ')}`] : []),
    ...(furtherTools.length > 0 ? [`further tools ${furtherTools.map(({ name }) => name).join(' ')}`] : []),
    `web search ${names('web')}`,
    `scholar ${names('scholar')}`,
    `images ${names('images')}`,
    ...(transcription ? [`recordings by ${transcription.model} at ${withoutPassword(transcription.url)}`] : []),
    cache.on ? `cache ${placeOf(cache)}, at most ${cache.maxAgeHours} h old` : 'no cache',
    `at most ${variables.CLIENT_TIMEOUT} s`,
  ];
  const rates = Object.entries(configuration.toolRates).map(([tool, rate]) => `at most ${rate} ${tool} a second; `);
  return [
    `Models: ${models.join('; ') || 'none'}`,
    `Tools: ${tools.join('; ')}`,
    `Sandbox: ${sandboxLine(configuration)}`,
    `Worker: queue ${taskQueue}; serves ${roles?.join(', ') ?? 'everything'}; ${worker.maxCachedWorkflows} sessions cached; ` +
      `${worker.maxConcurrentInferences} model calls and ${worker.maxConcurrentTools} tools at once; ${rates.join('')}` +
      `${worker.shutdownGraceSeconds} s to shut down`,
    `State: ${stateDir}; files in ${placeInWords(store.place)}; log level ${log.level}` +
      (variables.S1_DR_CONFIG_JSON ? `; settings from ${variables.S1_DR_CONFIG_JSON}` : ''),
  ];
}

const GIB = 2 ** 30;

function sandboxLine({ docker }: Configuration): string {
  if (!docker) {
    return 'none: commands run as processes of this user, for trying out; they can read its files and use the network (SANDBOX_MODE)';
  }
  const { image, runtime, network, memoryBytes, cpus, processes, diskBytes } = docker;
  const size = (bytes: number) => `${Number((bytes / GIB).toFixed(2))} GiB`;
  return (
    `containers of ${image}${runtime ? ` with ${runtime}` : ''}; network ${network}; ${size(memoryBytes)} of memory, ` +
    `${cpus} CPUs, ${processes} processes, ${size(diskBytes)} of disk each`
  );
}

const placeOf = ({ folder, s3 }: Configuration['cache']): string =>
  s3 ? placeInWords({ s3 }) : (folder ?? 'in the state folder');

/** Addresses may carry a name and a password, or a key as a parameter. */
export function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (!url) return address;
  const shown = `${url.protocol}//${url.host}${url.pathname}`.replace(/\/$/, '');
  return url.search ? `${shown}?…` : shown;
}
