import { parseArgs } from 'node:util';
import { redact } from '../protocol/redact.ts';
import { describe } from './configuration/describe.ts';
import { readConfiguration } from './configuration/index.ts';
import { helpTable } from './configuration/table.ts';
import { isJson, makeLogger } from './log/logger.ts';
import { checkWorker, runWorker } from './run.ts';

const HELP = `npm run worker [-- --check | --need-model | --help]

Serves deep-research sessions until SIGINT or SIGTERM.
  --check       check the configuration, the model servers and the Temporal server, and exit
  --need-model  exit where no model server answers, instead of serving while sessions wait for one
  --help        print this

Variables (those marked * are read from the environment only, the others also from the file S1_DR_CONFIG_JSON):

${helpTable()}`;

try {
  const { values: options } = parseArgs({
    options: {
      check: { type: 'boolean' },
      'need-model': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (options.help) console.log(HELP);
  else if (options.check) await check();
  else await serve(options['need-model'] === true);
} catch (error) {
  console.error(redact(error instanceof Error ? error.message : String(error)));
  // A connection that is still tried would keep the process alive.
  process.exit(1);
}

async function check(): Promise<void> {
  const { configuration, tools } = await checkWorker(readConfiguration());
  console.log(describe(configuration, tools).join('\n'));
  console.log('The configuration is good.');
}

async function serve(needsModel: boolean): Promise<void> {
  const given = readConfiguration();
  await runWorker(given, {
    needsModel,
    onReady(configuration, tools) {
      const told = describe(configuration, tools);
      // Whatever the log's level: what a worker serves with is looked for when something is wrong.
      if (isJson(given.log)) makeLogger({ ...given.log, level: 'info' }).info('The worker serves.', { with: told });
      else console.log(told.join('\n'));
      process.send?.('ready');
    },
  });
}
