import { parseArgs } from 'node:util';
import { startRehearsal } from './server.ts';

const USAGE = `Usage: node local/rehearsal/main.ts [options]
The rehearsal model: a server with vLLM's API that follows a fixed research policy and no language model.

  --port N                where to listen; default 0, one that is free
  --host HOST             default 127.0.0.1
  --max-model-len N       context length in tokens; default 131072
  --tokens-per-second N   speed of a reply; default as fast as it goes
  --max-running N         requests answered at once; default 256
  --faults                take faults to be played at POST /rehearsal/faults
  --keep-bodies           show request bodies at GET /rehearsal/requests

Prints its URL once it listens. SIGTERM or SIGINT ends it.`;

const number = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    port: number,
    host: { type: 'string' },
    'max-model-len': number,
    'tokens-per-second': number,
    'max-running': number,
    faults: { type: 'boolean' },
    'keep-bodies': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function numeric(name: 'port' | 'max-model-len' | 'tokens-per-second' | 'max-running'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new RangeError(`--${name}: expected a number, got "${text}".`);
  }
  return value;
}

if (values.help) {
  console.log(USAGE);
} else {
  const server = await startRehearsal({
    port: numeric('port'),
    host: values.host,
    maxModelLen: numeric('max-model-len'),
    tokensPerSecond: numeric('tokens-per-second'),
    maxRunning: numeric('max-running'),
    faultsOverHttp: values.faults,
    keepBodies: values['keep-bodies'],
  });
  console.log(server.url);
  const stop = () => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
