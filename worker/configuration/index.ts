import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CacheSettings } from '../../activities/cache/index.ts';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import type { McpServerSettings } from '../../activities/mcp/settings.ts';
import { type Providers, providersFrom } from '../../activities/providers/configured.ts';
import type { DockerSettings } from '../../activities/sandbox/docker/settings.ts';
import { Secret } from '../../activities/secret.ts';
import type { ToolServiceSettings } from '../../activities/tool-service/service-tool.ts';
import type { TranscriptionSettings } from '../../activities/transcription/settings.ts';
import { DEFAULT_VISION, type VisionSettings } from '../../activities/vision/settings.ts';
import { addressPolicy } from '../../activities/web/address.ts';
import type { WebSettings } from '../../activities/web/web-pages.ts';
import type { StoreSettings } from '../../activities/workspace/keep.ts';
import { type EncryptionKeys, encryptionKeysFrom } from '../../converter/encryption/keys.ts';
import { EFFECTFUL_TOOLS } from '../../protocol/tool-call.ts';
import type { Place } from '../../store/place.ts';
import { secretFrom } from '../../store/secret-file.ts';
import { type OtlpSettings, otlpSettings } from '../../telemetry/settings.ts';
import { BUILD_ID } from '../version.ts';
import { browserSettings } from './browser.ts';
import { cacheSettings } from './cache.ts';
import { dockerSettings } from './docker.ts';
import { endpointsFrom } from './endpoints.ts';
import { ConfigurationError } from './error.ts';
import type { LOG_LEVELS, LogFormat } from './groups/program.ts';
import { ROLES, type Role } from './groups/temporal.ts';
import { mcpServersFrom } from './mcp-servers.ts';
import { readVariables } from './sources.ts';
import { batchPlace, storeSettings } from './store.ts';
import { toolServiceFrom } from './tool-service.ts';
import { transcriptionFrom } from './transcription.ts';
import { webUrl } from './variable.ts';
import { type Variables, variables } from './variables.ts';
import { visionSettings } from './vision.ts';

export { ConfigurationError } from './error.ts';
export type { Role } from './groups/temporal.ts';
export type { Variables } from './variables.ts';

/** Everything a worker is told from outside, checked. */
export interface Configuration {
  taskQueue: string;
  /** Absent: everything on one queue. */
  roles?: Role[];
  /** Stands in histories; with a name of a deployment, the version of it. */
  buildId: string;
  /** Absent where any worker takes any session. */
  deployment?: { name: string; versioning: 'pinned' | 'auto-upgrade' };
  /** Most calls a second of a tool, over all workers. */
  toolRates: Record<string, number>;
  endpoints: Endpoint[];
  corpora: string[];
  filesDir?: string;
  /** Of batches, if not below the state folder. */
  batches?: Place;
  /** Of the first that has a skill's name it is taken. */
  skillFolders: string[];
  /** Containers for code and commands; absent where they run as processes. */
  docker?: DockerSettings;
  /** Absent where all tools are ours. */
  toolService?: ToolServiceSettings;
  /** Servers whose tools are served beside the nine. Hold keys. */
  mcpServers: McpServerSettings[];
  /** Absent where web pages are not opened. */
  web?: WebSettings;
  /** What is searched with, in the order in which it is asked. Holds keys. */
  providers: Providers;
  /** How images and videos are shown to the endpoints with the role `vision`. */
  vision: VisionSettings;
  /** Absent where recordings are not read. Holds a key. */
  transcription?: TranscriptionSettings;
  stateDir: string;
  cache: CacheSettings;
  /** Where files of sessions are kept. */
  store: StoreSettings;
  /** Keys of payloads; absent where they are not encrypted. */
  encryption?: EncryptionKeys;
  /** A host that does not take a call within this time is taken for gone. */
  hostLostSeconds: number;
  /** How often a model call tells the server what it has so far. */
  reportSeconds: number;
  log: { level: (typeof LOG_LEVELS)[number]; format: LogFormat };
  /** `host:port` where Prometheus finds metrics; absent where there are none. */
  metricsAddress?: string;
  /** Collector of traces, by OpenTelemetry's own variables; absent where none are made. */
  traces?: OtlpSettings;
  worker: {
    maxCachedWorkflows: number;
    maxConcurrentInferences: number;
    maxConcurrentTools: number;
    shutdownGraceSeconds: number;
  };
  /** All variables by their names, for what is not above. */
  variables: Variables;
}

/**
 * Reads and checks everything. Throws `ConfigurationError` with one sentence for each fault.
 *
 * @param needsModel whether a model server must be named; by default where `WORKER_ROLES` want one
 */
export function readConfiguration(
  env: NodeJS.ProcessEnv = process.env,
  { needsModel = true }: { needsModel?: boolean } = {},
): Configuration {
  const values = readVariables(env);
  const problems: string[] = [];
  /** Faults of independent parts are told together. */
  const part = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      problems.push(...(error instanceof ConfigurationError ? error.problems : [(error as Error).message]));
      return otherwise;
    }
  };
  const roles = part(() => rolesOf(values), undefined);
  const endpoints = part(() => endpointsFrom(values, env), undefined);
  if (needsModel && endpoints?.every(isForVision) && (!roles || roles.includes('inference'))) {
    problems.push('LLM_SERVER_BASE_ENDPOINT_URL: expected the URL of a model server, got nothing.');
  }
  const providers = part(
    () => ({
      ...providersFrom(providerVariables(values), { baseUrls: values.DEEP_RESEARCH_PROVIDER_URLS }),
      merge: values.DEEP_RESEARCH_MERGED_PROVIDERS,
    }),
    undefined,
  );
  const cache = part(() => cacheSettings(values), undefined);
  const store = part(() => storeSettings(values), undefined);
  const encryption = part(() => encryptionOf(values), undefined);
  const batches = part(() => batchPlace(values), undefined);
  const traces = part(() => otlpSettings(env, 'worker', secretFrom), undefined);
  const metricsAddress = part(() => metricsAddressOf(values), undefined);
  const toolRates = part(() => toolRatesOf(values), {});
  const web = part(() => webSettings(values, !roles || roles.includes('tools')), undefined);
  const corpora = part(() => (values.DEEP_RESEARCH_CORPUS_DIR ?? []).map(folderOf('DEEP_RESEARCH_CORPUS_DIR')), []);
  const skillFolders = part(
    () => (values.DEEP_RESEARCH_SKILLS_DIR ?? []).map(folderOf('DEEP_RESEARCH_SKILLS_DIR')),
    [],
  );
  const vision = part(() => visionSettings(values, endpoints ?? []), DEFAULT_VISION);
  const docker = part(() => dockerSettings(values), undefined);
  const transcription = part(() => transcriptionFrom(values), undefined);
  const toolService = part(() => toolServiceFrom(values), undefined);
  const mcpServers = part(() => mcpServersFrom(values, env), []);
  if (problems.length > 0 || !providers || !cache || !store) throw new ConfigurationError(problems);
  return {
    taskQueue: values.TEMPORAL_TASK_QUEUE,
    ...(roles ? { roles } : {}),
    buildId: values.DEEP_RESEARCH_BUILD_ID ?? BUILD_ID,
    ...(values.DEEP_RESEARCH_DEPLOYMENT
      ? { deployment: { name: values.DEEP_RESEARCH_DEPLOYMENT, versioning: values.DEEP_RESEARCH_VERSIONING } }
      : {}),
    toolRates,
    endpoints: endpoints ?? [],
    corpora,
    skillFolders,
    ...(values.DEEP_RESEARCH_FILES_DIR ? { filesDir: resolve(values.DEEP_RESEARCH_FILES_DIR) } : {}),
    ...(batches ? { batches } : {}),
    ...(docker ? { docker } : {}),
    ...(toolService ? { toolService } : {}),
    mcpServers,
    ...(web ? { web } : {}),
    providers,
    vision,
    ...(transcription ? { transcription } : {}),
    stateDir: resolve(values.DEEP_RESEARCH_STATE_DIR),
    cache,
    store,
    ...(encryption ? { encryption } : {}),
    hostLostSeconds: values.DEEP_RESEARCH_HOST_LOST_SECONDS,
    reportSeconds: values.DEEP_RESEARCH_HEARTBEAT_SECONDS,
    log: { level: values.DEEP_RESEARCH_LOG_LEVEL, format: values.DEEP_RESEARCH_LOG_FORMAT },
    ...(metricsAddress ? { metricsAddress } : {}),
    ...(traces ? { traces } : {}),
    worker: {
      maxCachedWorkflows: values.DEEP_RESEARCH_MAX_CACHED_WORKFLOWS,
      maxConcurrentInferences: values.DEEP_RESEARCH_MAX_CONCURRENT_INFERENCES,
      maxConcurrentTools: values.DEEP_RESEARCH_MAX_CONCURRENT_TOOLS,
      shutdownGraceSeconds: values.DEEP_RESEARCH_SHUTDOWN_GRACE_SECONDS,
    },
    variables: values,
  };
}

const isForVision = ({ roles }: Endpoint): boolean => roles.every((role) => role === 'vision');

/** What `providersFrom` reads, from the file and the environment together. Holds keys as they are: not for printing. */
function providerVariables(values: Variables): Record<string, string> {
  const plain = Object.keys(variables.shape).flatMap((name) => {
    const value = values[name as keyof Variables];
    if (value instanceof Secret) return [[name, value.reveal()]];
    if (typeof value === 'string') return [[name, value]];
    return /_PROVIDERS$/.test(name) && Array.isArray(value) ? [[name, value.join(',')]] : [];
  });
  return Object.fromEntries(plain);
}

function rolesOf({ WORKER_ROLES: given }: Variables): Role[] | undefined {
  const unknown = given?.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown) throw new Error(`WORKER_ROLES: expected some of ${ROLES.join(', ')}, got "${unknown}".`);
  return given as Role[] | undefined;
}

function metricsAddressOf({ DEEP_RESEARCH_METRICS_ADDRESS: given }: Variables): string | undefined {
  if (given === undefined || /^(\d+(\.\d+){3}|\[[0-9a-f:]+\]):\d{1,5}$/i.test(given)) return given;
  throw new Error(
    `DEEP_RESEARCH_METRICS_ADDRESS: expected an IP address and a port, as 127.0.0.1:9464, got "${given}".`,
  );
}

const encryptionOf = (values: Variables): EncryptionKeys | undefined =>
  encryptionKeysFrom({
    DEEP_RESEARCH_ENCRYPTION_KEYS: values.DEEP_RESEARCH_ENCRYPTION_KEYS?.reveal(),
    DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: values.DEEP_RESEARCH_ENCRYPTION_KEYS_FILE,
  });

function toolRatesOf({ DEEP_RESEARCH_TOOL_RATES: given = {} }: Variables): Record<string, number> {
  const code = Object.keys(given).find((name) => EFFECTFUL_TOOLS.has(name));
  if (code === undefined) return given;
  throw new Error(`DEEP_RESEARCH_TOOL_RATES: ${code} cannot be limited; code and commands run where their files are.`);
}

function webSettings(values: Variables, servesTools: boolean): WebSettings | undefined {
  if (!values.DEEP_RESEARCH_WEB_PAGES) return undefined;
  const allowPrivate = values.DEEP_RESEARCH_ALLOW_PRIVATE ?? [];
  try {
    addressPolicy(allowPrivate);
  } catch (error) {
    throw new Error((error as Error).message.replace(/^allowPrivate/, 'DEEP_RESEARCH_ALLOW_PRIVATE'));
  }
  const reader = values.JINA_READER_URL;
  if (reader !== undefined && !webUrl.safeParse(reader).success)
    throw new Error(`JINA_READER_URL: expected an http or https URL, got "${reader}".`);
  return {
    allowPrivate,
    robots: values.DEEP_RESEARCH_ROBOTS_TXT,
    contact: values.DEEP_RESEARCH_CONTACT_EMAIL,
    readByModel: values.DEEP_RESEARCH_READ_PAGES === 'model',
    ...(values.DEEP_RESEARCH_BROWSER && servesTools ? { browser: browserSettings(values) } : {}),
    ...(values.JINA_API_KEY || reader ? { jina: { url: reader, apiKey: values.JINA_API_KEY } } : {}),
  };
}

const folderOf =
  (variable: string) =>
  (path: string): string => {
    try {
      return realpathSync(path);
    } catch {
      throw new Error(`${variable}: there is no folder "${path}".`);
    }
  };
