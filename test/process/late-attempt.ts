import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineTool, readConfiguration, runWorker } from '../../worker/index.ts';

process.on('disconnect', () => process.exit());
process.channel?.unref();

const { GATE = '', STANDS_STILL } = process.env;
const WAITS = `${GATE}.waits`;

/** One worker stands still in its call until the gate is there, and goes on as if nothing was; others wait for that. */
const late = defineTool({
  name: 'late',
  description: 'Writes a file.',
  arguments: z.object({}),
  async run(_, { workspace, recorded }) {
    if (STANDS_STILL) {
      writeFileSync(WAITS, '');
      while (!existsSync(GATE)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
    while (!existsSync(WAITS)) await sleep(50);
    mkdirSync(workspace, { recursive: true });
    writeFileSync(join(workspace, 'late.txt'), 'written');
    await recorded('written', async () => true);
    if (STANDS_STILL) writeFileSync(`${GATE}.passed`, '');
    return 'It is written.';
  },
});

const configuration = readConfiguration();
await runWorker(
  {
    ...configuration,
    ...(STANDS_STILL ? { roles: ['sandbox'] } : {}),
    // One that stands still goes on taking work as long as it has room.
    worker: { ...configuration.worker, maxConcurrentTools: 1 },
  },
  { tools: [late], onReady: () => process.send?.('ready') },
);
