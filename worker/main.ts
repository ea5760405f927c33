import { readConfiguration } from './configuration.ts';
import { runWorker } from './run.ts';

try {
  const configuration = readConfiguration(process.env);
  const { taskQueue, roles, endpoints, corpora } = configuration;
  await runWorker(configuration, () => {
    const models = endpoints.map(({ model, url }) => `${model} at ${url}`).join(', ');
    console.log(`Worker on task queue ${taskQueue}${roles ? ` as ${roles.join(', ')}` : ''}: ${models}`);
    if (corpora.length) console.log(`Documents: ${corpora.join(', ')}`);
    process.send?.('ready');
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
