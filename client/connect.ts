import { Client, type ClientOptions, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DEFAULT_TASK_QUEUE } from '../protocol/names.ts';
import { setVariables } from '../protocol/set-variables.ts';
import { flushSpans } from '../telemetry/tracer.ts';
import { converterFrom } from './converter-from.ts';
import { DeepResearchError, GRPC, grpcCode, plainMessage, ServerUnreachable } from './errors.ts';
import { tracedStarts } from './traced-starts.ts';

/** What is not given comes from Temporal's own environment variables and configuration file. */
export interface ConnectOptions {
  /** `host:port`. Default `localhost:7233`. */
  address?: string;
  namespace?: string;
  /** A profile of the configuration file. */
  profile?: string;
  /** Default `process.env`. */
  env?: Record<string, string | undefined>;
  /** Default 5,000. */
  timeoutMs?: number;
  /** Data converter, interceptors and the like. */
  client?: Omit<ClientOptions, 'connection' | 'namespace'>;
}

export interface Connected {
  client: Client;
  address: string;
  close(): Promise<void>;
}

/** Connects to Temporal. Throws `ServerUnreachable` with the address and how to start a server. */
export async function connectTemporal(options: ConnectOptions = {}): Promise<Connected> {
  const config = readConfig(options);
  const address = options.address ?? config.connectionOptions.address ?? 'localhost:7233';
  const { apiKey, tls, metadata } = config.connectionOptions;
  const interceptors = tracedStarts(options.client?.interceptors, options.env ?? process.env);
  const dataConverter = { ...converterFrom(options.env ?? process.env), ...options.client?.dataConverter };
  try {
    const connection = await Connection.connect({
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: metadata as ConnectionOptions['metadata'] }),
      connectTimeout: options.timeoutMs ?? 5_000,
      // gRPC waits up to two minutes before it tries again; who watches a session should not.
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 500, 'grpc.max_reconnect_backoff_ms': 3_000 },
    });
    const namespace = options.namespace ?? config.namespace ?? 'default';
    const client = new Client({ ...options.client, dataConverter, connection, namespace, interceptors });
    const close = async () => {
      await flushSpans();
      await connection.close();
    };
    return { client, address, close };
  } catch (error) {
    throw connectError(error, address);
  }
}

export const taskQueueFrom = (env: Record<string, string | undefined> = process.env): string =>
  env.TEMPORAL_TASK_QUEUE || DEFAULT_TASK_QUEUE;

function readConfig({ profile, env = process.env }: ConnectOptions) {
  try {
    return loadClientConnectConfig({
      ...(profile === undefined ? {} : { profile }),
      overrideEnvVars: setVariables(env),
    });
  } catch (error) {
    throw new DeepResearchError(`Temporal's configuration cannot be read: ${plainMessage(error)}`, { cause: error });
  }
}

function connectError(error: unknown, address: string): Error {
  const code = grpcCode(error);
  if (code === GRPC.permissionDenied || code === GRPC.unauthenticated) {
    return new DeepResearchError(
      `The Temporal server at ${address} refused the credentials: check TEMPORAL_API_KEY, the TLS certificate and the namespace.`,
      { cause: error },
    );
  }
  return new ServerUnreachable(
    `No Temporal server answers at ${address}. Start one with \`temporal server start-dev\` or \`npm start\`, or set TEMPORAL_ADDRESS.`,
    { cause: error },
  );
}
