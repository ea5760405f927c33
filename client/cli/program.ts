import { Command } from 'commander';
import type { ConnectOptions } from '../connect.ts';
import { InvalidInput } from '../errors.ts';
import type { DeepResearchClient } from '../index.ts';
import type { ReplayVerdict } from '../replay/check-replay.ts';
import { type AskOptions, addAdjustOptions, addAskOptions, inputOf, number, repeatable } from './ask-options.ts';
import { addBatchCommands } from './batch-program.ts';
import { artifacts } from './commands/artifacts.ts';
import { type CodecServerFlags, codecServer, DEFAULT_ORIGINS } from './commands/codec-server.ts';
import { answer, ask, type ForkOptions, fork, watch } from './commands/follow.ts';
import { approvals, approve, cancel, exportTo, list, status, tell } from './commands/manage.ts';
import { type ReplayOptions, replay } from './commands/replay.ts';
import { replayMany } from './commands/replay-many.ts';
import { type RolloutOptions, rollout } from './commands/rollout.ts';
import { EXIT, Exit } from './exit.ts';
import type { Terminal } from './live-view/screen.ts';
import { addScoreCommands } from './score-program.ts';
import type { Display, Keyboard } from './walk/walk.ts';
import type { WorkerProgram } from './worker-program.ts';

/** What the commands need of the world. */
export interface Surroundings {
  connect(options: ConnectOptions & { taskQueue?: string }): Promise<DeepResearchClient & { close(): Promise<void> }>;
  out: Terminal & Display;
  err: { write(text: string): unknown };
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  readStdin(): Promise<string>;
  /** Runs a program of the worker's in a process of its own, until it ends; gives its exit code. */
  runWorkerProgram(name: WorkerProgram, args: string[]): Promise<number>;
  /** Where a person types, if there is one. */
  keyboard?: Keyboard;
  /** Replays a history against the worker's code, in a process of its own. */
  checkReplay(history: string): Promise<ReplayVerdict>;
  /** The same for several at once. */
  checkReplays(histories: string[]): Promise<ReplayVerdict[]>;
}

interface GlobalOptions {
  address?: string;
  namespace?: string;
  profile?: string;
  taskQueue?: string;
}

const EXAMPLES = `
Examples:
  deep-research ask "How is the body timeout set, and what is its default?"
  deep-research ask "Summarise the attached report" --file report.pdf
  deep-research ask "…" --no-watch --json    start it and go; prints its id
  deep-research watch ID                     look on, from the first round
  deep-research steer ID "Only sources after 2024"
  deep-research artifacts ID --out results   save the files it gives back
  deep-research export ID --format html -o session.html

The server is found as by Temporal's own tools: TEMPORAL_ADDRESS,
TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, TEMPORAL_API_KEY, or its configuration
file. Exit codes: 0 answered, 1 failed, 2 wrong usage, 130 left with Ctrl-C.`;

/** The command line `deep-research`. Commands throw; the caller turns errors into exit codes. */
export function buildProgram(world: Surroundings): Command {
  const program = new Command('deep-research')
    .description('Starts, watches and steers research sessions that run on Temporal.')
    .option('--address <host:port>', 'the Temporal server')
    .option('--namespace <name>', "the server's namespace")
    .option('--profile <name>', "a profile of Temporal's configuration file")
    .option('--task-queue <name>', "the workers' task queue (deep-research)")
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ writeOut: (text) => world.out.write(text), writeErr: (text) => world.err.write(text) })
    .exitOverride();

  /** Connects, runs, and closes what was opened. */
  const withClient = async <T>(work: (client: DeepResearchClient) => Promise<T>): Promise<T> => {
    const client = await world.connect(program.opts<GlobalOptions>());
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  const json = ['--json', 'print JSON for programs'] as const;
  const command = (usage: string, description: string) => program.command(usage).description(description);

  addAskOptions(command('ask <question>', 'start a session and show it until it has answered ("-" reads the question)'))
    .option('--id <id>', "the session's id; default: the question in short")
    .option('--out <folder>', 'save the files that the session gives back there')
    .option('--no-watch', 'start it and go')
    .option('--json', 'print the result as one JSON document')
    .action(
      async (question: string, options: AskOptions & { id?: string; out?: string; watch: boolean; json?: true }) => {
        const text = question === '-' ? (await world.readStdin()).trim() : question;
        await withClient((client) => ask(client, inputOf(text, options), options, world));
      },
    );

  addAdjustOptions(
    command('fork <id>', 'go on after an earlier round of a session, as a new session; the original stays as it is'),
  )
    .requiredOption('--round <n>', 'the round to go on after', number)
    .option('--steer <text>', 'what the model is told there; after an answer, the next question')
    .option('--run <run id>', "one of the session's runs; default: the last")
    .option('--id <id>', "the new session's id")
    .option('--no-watch', 'start it and go')
    .option('--json', 'print the result as one JSON document')
    .action((id: string, options: ForkOptions) => withClient((client) => fork(client, id, options, world)));

  command('watch <id>', 'show a session from its first round on until it has answered')
    .option('--json', 'print what happens as JSON, one event a line')
    .action((id: string, options: { json?: true }) => withClient((client) => watch(client, id, options, world)));

  command('status <id>', 'where a session stands')
    .option(...json)
    .action((id: string, options: { json?: true }) => withClient((client) => status(client, id, options, world)));

  command('list', 'the newest sessions')
    .option('--query <filter>', "a filter in Temporal's list language, such as ExecutionStatus='Running'")
    .option('--limit <n>', 'most sessions to list', number, 20)
    .option(...json)
    .action((options: { query?: string; limit: number; json?: true }) =>
      withClient((client) => list(client, options, world)),
    );

  command('steer <id> <text>', 'tell the model something; it sees it with the next results').action(
    (id: string, text: string) =>
      withClient((client) =>
        tell(client, id, (session) => session.steer(text), 'The model sees it next round.', world),
      ),
  );
  command('pause <id>', 'stop before the next step').action((id: string) =>
    withClient((client) => tell(client, id, (session) => session.pause(), 'Paused before its next step.', world)),
  );
  command('resume <id>', 'go on after a pause, or after the model had failed').action((id: string) =>
    withClient((client) => tell(client, id, (session) => session.resume(), 'It goes on.', world)),
  );
  command('finish <id>', 'have it answer now, with what it has').action((id: string) =>
    withClient((client) => tell(client, id, (session) => session.finish(), 'It answers now.', world)),
  );
  command('cancel <id>', 'end it without an answer').action((id: string) =>
    withClient((client) => cancel(client, id, world)),
  );

  command('approvals <id>', 'the calls that wait for your approval')
    .option(...json)
    .action((id: string, options: { json?: true }) => withClient((client) => approvals(client, id, options, world)));

  command('approve <id> <call>', 'let a call run, or refuse it')
    .option('--no', 'refuse it')
    .option('--reason <text>', 'what the model is told with a refusal')
    .action((id: string, call: string, options: { no?: true; reason?: string }) =>
      withClient((client) => approve(client, id, call, options, world)),
    );

  command('answer <id> <question>', 'ask a follow-up question of a session that is kept open, and show the answer')
    .option('--no-watch', 'ask and go')
    .option('--json', 'print the result as one JSON document')
    .action((id: string, question: string, options: { watch: boolean; json?: true }) =>
      withClient((client) => answer(client, id, question, options, world)),
    );

  command('artifacts <id> [name...]', 'list the files that a session gives back, or save them: those named, or all')
    .option('--out <folder>', 'where to save them; default for those named: here')
    .option(...json)
    .action((id: string, names: string[], options: { out?: string; json?: true }) =>
      withClient((client) => artifacts(client, id, names, options, world)),
    );

  command('export <id>', 'the whole session as one document')
    .option('--format <name>', 'md or html for people, json for programs, jsonl as the original writes it', 'md')
    .option('-o, --output <file>', 'write it to a file')
    .action((id: string, options: { format: string; output?: string }) =>
      withClient((client) => exportTo(client, id, options, world)),
    );

  command(
    'replay [file|id...]',
    "check a history against today's code and walk through its trajectory; of several, check",
  )
    .option('--query <filter>', "check all sessions of a filter in Temporal's list language: ExecutionStatus='Running'")
    .option('--run <run id>', "one of the session's runs; default: all of its last chain")
    .option('--no-check', 'walk through it only')
    .option('--no-walk', 'check it only')
    .option(...json)
    .action((names: string[], options: ReplayOptions & { query?: string }) => {
      const [name, ...more] = names;
      if (name === undefined && options.query === undefined)
        throw new InvalidInput('replay: expected a file or an id.');
      return name !== undefined && more.length === 0 && options.query === undefined
        ? replay(name, options, withClient, world)
        : replayMany(names, options, withClient, world);
    });

  command('rollout <build-id>', 'have new sessions begin on a version of the workers; open ones stay with theirs')
    .requiredOption('--deployment <name>', 'DEEP_RESEARCH_DEPLOYMENT of the workers')
    .option('--wait', 'until no session is left on older versions')
    .option(...json)
    .action((buildId: string, options: RolloutOptions) =>
      withClient((client) => rollout(client, buildId, options, world)),
    );

  addBatchCommands(program, world, withClient);
  addScoreCommands(program, world, withClient);

  command('codec-server', "decrypts payloads for Temporal's Web UI and command line, until Ctrl-C")
    .option('--port <n>', 'where it listens; 0 takes one that is free', number, 8234)
    .option('--host <host>', 'on which address', '127.0.0.1')
    .addOption(repeatable('--origin <url>', `a Web UI that may ask; default: ${DEFAULT_ORIGINS.join(', ')}`))
    .action((options: CodecServerFlags) => codecServer(options, world));

  const workerProgram = (name: WorkerProgram, description: string, usage: string) =>
    command(name, description)
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .usage(usage)
      .action(async (_options: object, { args }: Command) => {
        const code = await world.runWorkerProgram(name, args);
        if (code !== EXIT.answered) throw new Exit(code);
      });
  workerProgram('doctor', 'what a deployment lacks, and how to mend it', '[--json] [--skip PARTS]');
  workerProgram('skills', 'the skills in folders of this machine, and what is wrong with them', '[FOLDER]… [--json]');
  workerProgram(
    'toolkits',
    "serve this project's tools with the API of the original's tool service",
    '[--port N] [--host HOST] [--files DIR]',
  );

  return program;
}
