import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { convert } from '../export/convert.ts';
import type { DeepResearchClient } from '../index.ts';
import { number } from './ask-options.ts';
import {
  addBatchOptions,
  addViewOptions,
  type BatchOptions,
  readBatchOptions,
  type ViewOptions,
} from './batch-options.ts';
import { batchStatus, follow, runBatch } from './commands/batch.ts';
import type { Surroundings } from './program.ts';

const BATCH_NOTES = `
In a batch --timeout is 7200 and --priority 4, so that single questions
overtake. The options of run_batch_inference.py are taken under their own names
as well.`;

/** Adds the commands on batches of questions. */
export function addBatchCommands(
  program: Command,
  world: Surroundings,
  withClient: (work: (client: DeepResearchClient) => Promise<void>) => Promise<void>,
): void {
  const command = (usage: string, description: string) => program.command(usage).description(description);
  const tell = (verb: string, description: string, act: (client: DeepResearchClient, id: string) => Promise<string>) =>
    command(`${verb} <id>`, description).action((id: string) =>
      withClient(async (client) => {
        world.err.write(`${await act(client, id)}\n`);
      }),
    );

  addBatchOptions(command('batch [file]', 'work on each question of a JSON Lines file, or come back to that'))
    .addHelpText('after', BATCH_NOTES)
    .action(async (given: string | undefined, all: BatchOptions) => {
      const { file, options } = readBatchOptions(given, all, (line) => world.err.write(`${line}\n`));
      await withClient((client) => runBatch(client, file, options, world));
    });

  addViewOptions(command('batch-watch <id>', 'show a batch until its end')).action((id: string, options: ViewOptions) =>
    withClient(async (client) => follow(client, await client.batch(id), options, world)),
  );

  command('batch-status <id>', 'where a batch stands, and what failed last')
    .option('--json', 'print JSON for programs')
    .action((id: string, options: { json?: true }) => withClient((client) => batchStatus(client, id, options, world)));

  tell('batch-pause', 'start no more sessions', async (client, id) => {
    await (await client.batch(id)).pause();
    return 'No more sessions are started; those at work go on.';
  });
  tell('batch-resume', 'go on after a pause', async (client, id) => {
    await (await client.batch(id)).resume();
    return 'It goes on.';
  });
  tell('batch-cancel', 'stop a batch and its sessions', async (client, id) => {
    await (await client.batch(id)).cancel();
    return 'Asked to stop. The same batch command goes on with what is not finished.';
  });

  command('batch-window <id> <n>', 'set how many sessions are at work at once').action((id: string, size: string) =>
    withClient(async (client) => {
      await (await client.batch(id)).window(number(size));
      world.err.write(`At most ${number(size)} at once.\n`);
    }),
  );

  addViewOptions(command('retry-failed <id>', 'run the rows of a batch again that have no answer, and show it')).action(
    (id: string, options: ViewOptions) =>
      withClient(async (client) => follow(client, await client.retryFailed(id), options, world)),
  );

  command(
    'send <file>',
    "send a file to the workers; prints what stands for it in an input, as in Temporal's Web UI",
  ).action((file: string) =>
    withClient(async (client) => {
      world.out.write(`${JSON.stringify(await client.sendFile(file))}\n`);
    }),
  );

  command('convert <file>', "turn the original's output rows into exported sessions, or these into rows")
    .option('-o, --output <file>', 'write to a file')
    .action(async (file: string, { output }: { output?: string }) => {
      const lines = async function* () {
        for await (const each of convert(file)) yield `${JSON.stringify(each)}\n`;
      };
      if (output !== undefined) await pipeline(Readable.from(lines()), createWriteStream(output));
      else for await (const line of lines()) world.out.write(line);
    });
}
