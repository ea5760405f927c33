import { parseArgs } from 'node:util';
import { describe } from './configuration/describe.ts';
import { readConfiguration } from './configuration/index.ts';
import { helpTable } from './configuration/table.ts';
import { runWorker } from './run.ts';

const HELP = `npm run worker [-- --check | --help]

Serves deep-research sessions until SIGINT or SIGTERM.
  --check  check the configuration and exit
  --help   print this

Variables (those marked * are read from the environment only, the others also from the file S1_DR_CONFIG_JSON):

${helpTable()}`;

try {
  const { values: options } = parseArgs({
    options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (options.help) console.log(HELP);
  else await serve(options.check === true);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function serve(checkOnly: boolean): Promise<void> {
  const configuration = readConfiguration();
  const say = () => console.log(describe(configuration).join('\n'));
  if (checkOnly) {
    say();
    console.log('The configuration is good.');
    return;
  }
  await runWorker(configuration, () => {
    say();
    process.send?.('ready');
  });
}
