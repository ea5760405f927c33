import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { REHEARSAL_MODEL } from '../../local/rehearsal/server.ts';
import { startDocker, TEST_IMAGE, type TestDocker } from '../support/docker/daemon.ts';
import { type CountingSearch, startCountingSearch } from '../support/faults/counting-search.ts';
import { type Dice, diceOf } from '../support/faults/dice.ts';
import { answerFaults } from '../support/faults/faulty-answer.ts';
import { type FaultyModel, startFaultyModel } from '../support/faults/model-faults.ts';
import { startPostgresTemporal } from '../support/faults/postgres-temporal.ts';
import { mountSmallDisk, type SmallDisk } from '../support/faults/small-disk.ts';
import { type FaultyTemporal, startFaultyDevServer } from '../support/faults/temporal.ts';
import { type Herd, keepWorkers } from '../support/faults/worker-herd.ts';

/** Workers that share a task queue and a state folder, as those of one machine do. */
export interface Crew {
  taskQueue: string;
  stateDir: string;
}

/** All that a session needs and that can fail. */
export interface Stage {
  client: Client;
  temporal: FaultyTemporal;
  /** Commands run as processes; the state folder is on the small disk. */
  plain: Crew;
  /** Commands run in containers. */
  contained: Crew;
  /** Where the commands of `plain` leave their lines, on another disk than the state folder. */
  ledger: string;
  lines(): string[];
  disk: SmallDisk;
  models: FaultyModel[];
  search: CountingSearch;
  docker: TestDocker;
  herd: Herd;
  /** The workers' temporary folders. */
  folder: string;
  /** From here on requests to the models and the search providers fail now and then. */
  disturb(): void;
  close(): Promise<void>;
}

export interface StageOptions {
  dice: Dice;
  sessions: number;
}

const PLAIN_WORKERS = 3;
/** Shares of requests that fail. */
const MODEL_FAULTS = 0.06;
const SEARCH_FAULTS = 0.15;

/** Opens everything, or closes again what was opened. */
export async function openStage({ dice, sessions }: StageOptions): Promise<Stage> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const closing = <T extends { close(): unknown }>(part: T): T => {
    closers.push(() => part.close());
    return part;
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), 'faults-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const ledger = join(folder, 'ledger');
    writeFileSync(ledger, '');
    const disk = closing(mountSmallDisk(64 + 4 * sessions));
    const temporal = closing(
      await (process.env.FAULTS_TEMPORAL === 'postgres' ? startPostgresTemporal() : startFaultyDevServer()),
    );
    const docker = closing(await startDocker());
    const faultOf = answerFaults(dice, { share: SEARCH_FAULTS, most: 1 });
    let disturbed = false;
    const search = closing(await startCountingSearch((request) => (disturbed ? faultOf(request) : undefined)));
    const models = await Promise.all([1, 2].map((number) => startFaultyModel(diceOf(dice.seed + number))));
    for (const model of models) closing(model);
    const connection = closing(await Connection.connect({ address: temporal.address }));

    const plain: Crew = { taskQueue: 'faults', stateDir: join(disk.path, 'state') };
    const contained: Crew = { taskQueue: 'faults-contained', stateDir: join(folder, 'contained') };
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TEMPORAL_ADDRESS: temporal.address,
      DEEP_RESEARCH_ENDPOINTS: JSON.stringify(models.map(endpointOf)),
      ...search.env,
    };
    const plainEnv = { ...env, ...crewEnvironment(plain) };
    const containedEnv = {
      ...env,
      ...crewEnvironment(contained),
      SANDBOX_MODE: 'docker',
      DOCKER_HOST: docker.host,
      DEEP_RESEARCH_SANDBOX_IMAGE: TEST_IMAGE,
      DEEP_RESEARCH_SANDBOX_MEMORY_MB: '64',
    };
    const environments = [...Array<NodeJS.ProcessEnv>(PLAIN_WORKERS).fill(plainEnv), containedEnv];
    const herd = closing(await keepWorkers(environments, folder));
    return {
      client: new Client({ connection }),
      temporal,
      plain,
      contained,
      ledger,
      lines: () => readFileSync(ledger, 'utf8').split('\n').slice(0, -1),
      disk,
      models,
      search,
      docker,
      herd,
      folder,
      disturb() {
        disturbed = true;
        for (const model of models) model.disturb(MODEL_FAULTS);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const crewEnvironment = ({ taskQueue, stateDir }: Crew) => ({
  TEMPORAL_TASK_QUEUE: taskQueue,
  DEEP_RESEARCH_STATE_DIR: stateDir,
});

const endpointOf = ({ url }: FaultyModel, index: number) => ({
  name: `model-${index + 1}`,
  url,
  model: REHEARSAL_MODEL,
  // Long enough for a loaded machine, short enough for servers that hang.
  silence: { first: 10_000, next: 10_000 },
});
