import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeFleet } from '../../activities/inference/fleet/index.ts';
import { closeIndexes } from '../../activities/ranking/thread.ts';
import { removeOwnerless } from '../../activities/sandbox/docker/janitor.ts';
import { endIdle, type IdleSandbox } from '../../activities/sandbox/end-idle.ts';
import { openSandbox } from '../../activities/sandbox/index.ts';
import { makeTools } from '../../activities/tools/all-tools.ts';
import { closeBrowsers } from '../../activities/web/browser/shared-browser.ts';
import { redact } from '../../protocol/redact.ts';
import { type Configuration, readConfiguration } from '../configuration/index.ts';
import { openMcpTools } from '../mcp-tools.ts';
import { toolOptions } from '../tool-options.ts';
import { startToolkits } from './server.ts';

const HELP = `deep-research toolkits [--port N] [--host HOST] [--files DIR]
npm run toolkits -- [--port N] [--host HOST] [--files DIR]

Serves this project's tools with the API of the original's tool service (toolkits-api), so that its harness can use
them: set its TOOLS_SERVER_BASE_ENDPOINT_URL to the address that is printed. Runs until SIGINT or SIGTERM.

  --port N     default 8080; 0 takes one that is free
  --host HOST  where to listen; default 127.0.0.1. Whoever can reach it can run code here
  --files DIR  the folder where the harness puts a session's files, DIR/LOG_LABEL/QUERY_ID (its "data");
               default: toolkits in the state folder. Paths that begin with LITERATURE_SEED_DATA_DIR mean it
  --help       print this

The tools, providers and model servers are configured as for a worker: npm run worker -- --help.`;

const DEFAULT_PORT = 8080;

const IDLE_MS = 30 * 60_000;

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      files: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(HELP);
  else await serve(values);
} catch (error) {
  console.error(redact(error instanceof Error ? error.message : String(error)));
  process.exit(1);
}

async function serve({ port, host = '127.0.0.1', files }: { port?: string; host?: string; files?: string }) {
  const configuration = readConfiguration(process.env, { needsModel: false });
  const { stateDir, corpora, endpoints, worker, variables } = configuration;
  const mcp = await openMcpTools(configuration);
  for (const note of mcp.notes) console.error(note);
  // These are the tools of a tool service: to send their calls to one would go round in circles.
  const options = { ...toolOptions(configuration, mcp.tools), toolService: undefined };
  const sandbox = await conversationSandbox(configuration);
  const fleet = endpoints.length > 0 ? makeFleet(endpoints) : undefined;
  const corpus = corpora[0];
  const only = corpus === undefined ? 'with-corpus' : 'without-corpus';
  const served = async (cache: boolean) =>
    (await makeTools({ ...options, fleet, sandbox, ...(cache ? {} : { cache: undefined }) })).filter(
      (tool) => tool.only !== only,
    );
  const toolkits = await startToolkits({
    tools: await served(true),
    uncached: await served(false),
    host,
    port: portOf(port),
    stateDir,
    filesDir: files === undefined ? join(stateDir, 'toolkits') : resolve(files),
    seenAs: variables.LITERATURE_SEED_DATA_DIR,
    ...(corpus === undefined ? {} : { corpus }),
    log: (line) => console.log(line),
  });
  console.log(`Tool service at ${toolkits.url}`);
  if (!/^(127\.|::1$|localhost$)/.test(host)) console.error(`Whoever can reach ${host} can run code on this machine.`);
  process.send?.('ready');
  await new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  });
  await toolkits.close(worker.shutdownGraceSeconds * 1000);
  await sandbox?.close();
  await mcp.close();
  await fleet?.close();
  await closeIndexes();
  await closeBrowsers();
  process.exit(0);
}

/** Conversations have no end: their containers go when nothing has run in them for a while. */
async function conversationSandbox({ stateDir, docker }: Configuration): Promise<IdleSandbox | undefined> {
  if (!docker) return undefined;
  const sandbox = openSandbox({ stateDir, docker });
  // Says what is wrong with Docker before anything is removed.
  await sandbox.supports('bash');
  await removeOwnerless(stateDir);
  return endIdle(sandbox, IDLE_MS);
}

function portOf(given: string | undefined): number {
  if (given === undefined) return DEFAULT_PORT;
  const port = Number(given);
  if (!/^\d+$/.test(given) || port > 65_535) throw new Error(`--port: expected a number up to 65535, got "${given}".`);
  return port;
}
