import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { setVariables } from '../../protocol/set-variables.ts';

/** Temporal's own connection tries for much longer; who starts a worker should not wait. */
const LIMIT_MS = 8_000;

/** Codes of gRPC. */
const NOT_FOUND = 5;
const REFUSED = [7, 16];

export interface TemporalConnection {
  connection: NativeConnection;
  namespace: string;
}

/** Connects as Temporal's variables and file say. Throws an error of one sentence that names what to mend. */
export async function connectToTemporal(): Promise<TemporalConnection> {
  const { connectionOptions, namespace = 'default' } = readConfig();
  const { address = 'localhost:7233' } = connectionOptions;
  const connection = await connectWithin(
    LIMIT_MS,
    NativeConnection.connect(connectionOptions),
    `TEMPORAL_ADDRESS: no Temporal server answers at ${address}; start one with \`temporal server start-dev\` or \`npm start\`, or set its address.`,
    address,
  );
  try {
    await connection.withDeadline(Date.now() + LIMIT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    const code = codeOf(error);
    if (code === NOT_FOUND) {
      await connection.close();
      throw new Error(
        `TEMPORAL_NAMESPACE: the Temporal server at ${address} has no namespace "${namespace}"; make it with \`temporal operator namespace create ${namespace}\`, or set another.`,
      );
    }
    if (code !== undefined && REFUSED.includes(code)) {
      await connection.close();
      throw refusedCredentials(address);
    }
    // Whatever else it is, the worker itself will meet it or not.
  }
  return { connection, namespace };
}

function readConfig() {
  try {
    return loadClientConnectConfig({ overrideEnvVars: setVariables(process.env) });
  } catch (error) {
    throw new Error(`Temporal's configuration cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

async function connectWithin(
  limitMs: number,
  connecting: Promise<NativeConnection>,
  unreachable: string,
  address: string,
): Promise<NativeConnection> {
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new Error(unreachable));
    }, limitMs);
  });
  connecting.then(
    (connection) => (late ? connection.close() : undefined),
    () => {},
  );
  try {
    return await Promise.race([connecting, limit]);
  } catch (error) {
    if (late) throw error;
    if (/permission ?denied|unauthenticated|unauthorized/i.test(String(error))) throw refusedCredentials(address);
    throw new Error(unreachable, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const refusedCredentials = (address: string) =>
  new Error(
    `TEMPORAL_API_KEY: the Temporal server at ${address} refused the credentials; check the key, the TLS certificate and the namespace.`,
  );

function codeOf(error: unknown): number | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const found = typeof code === 'number' ? code : cause?.code;
  return typeof found === 'number' ? found : undefined;
}
