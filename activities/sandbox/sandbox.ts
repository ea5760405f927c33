/** Bounds of one command. */
export interface SandboxLimits {
  /** Time from start to end; then the command and all it started are stopped. */
  wallSeconds: number;
  /** Between the polite signal and the one that cannot be ignored. */
  graceSeconds: number;
  /** Address space of each process. */
  memoryBytes: number;
  /** Largest file that the command can write. */
  fileBytes: number;
  /** Processes at one time. */
  processes: number;
  /** Kept on disk of stdout and of stderr each; of more, the beginning and the last part are kept. */
  outputBytes: number;
  /** Given back of stdout and stderr together: the model's context is what they cost. */
  shownCharacters: number;
}

export const DEFAULT_LIMITS: Readonly<SandboxLimits> = {
  // The original tool service gives code and bash this long.
  wallSeconds: 900,
  graceSeconds: 5,
  memoryBytes: 4 * 2 ** 30,
  fileBytes: 2 * 2 ** 30,
  processes: 256,
  outputBytes: 10_000_000,
  shownCharacters: 20_000,
};

export const LANGUAGES = ['bash', 'python'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the model wants run. A call id stands for one effect: a retry passes the same command again. */
export interface SandboxCommand {
  /** Letters, digits, `.`, `_` and `-`; unique in the workspace. */
  callId: string;
  /** Absolute folder of the session's workspace; the command's working directory. */
  workspace: string;
  language: Language;
  script: string;
  /** Default: nothing to read. */
  stdin?: string;
  limits?: Partial<SandboxLimits>;
  /** Default: none; then what is held for the workspace lasts until `end`. */
  owner?: SessionOwner;
}

/** The workflow a command works for. When it is over, what is held for its workspace can go. */
export interface SessionOwner {
  namespace: string;
  taskQueue: string;
  workflowId: string;
  runId: string;
}

/** How the caller can end the wait for a command. */
export interface RunContext {
  signal: AbortSignal;
  /**
   * Called with the signal's reason: `true` stops the command, which is recorded as killed; `false` leaves it running
   * for the attempt that comes after (a worker that shuts down).
   */
  stopMeansKill(reason: unknown): boolean;
}

/**
 * `unknown`: what ran the command is gone and left no result, so that the command may have run in part. It is never
 * run again. `killed`: stopped by the caller or for a limit other than time.
 */
export type Outcome = 'finished' | 'timed-out' | 'killed' | 'unknown';

/** What became of a command. The same for every attempt that asks for the call. */
export interface CommandOutcome {
  outcome: Outcome;
  /** `null` where the command was ended by a signal, or it is unknown. */
  exitCode: number | null;
  signal?: string;
  /** Beginning and end where there was more than `shownCharacters`. */
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** `stdout` or `stderr` leaves something out. */
  truncated: boolean;
  /** Files with the whole output relative to the workspace, where it was cut and they could be written. */
  outputFile?: { stdout?: string; stderr?: string };
  /** What the model should know besides: a limit that was reached, a full disk, processes left in the background. */
  notes: string[];
}

/**
 * Runs commands of sessions, each exactly once for its call id, over crashes of the worker.
 *
 * `run` starts the command, waits for the one that an earlier attempt started, or gives the recorded outcome. Rejects
 * with the signal's reason when it was told to leave the command, and with an `Error` worth a retry when the command
 * could not be started (and then has not run).
 */
export interface Sandbox {
  /** Whether the interpreter is there; a tool without one is not offered to the model. */
  supports(language: Language): Promise<boolean>;
  run(command: SandboxCommand, context: RunContext): Promise<CommandOutcome>;
  /**
   * Ends all that is held for a workspace: what runs in it is stopped at once, its container removed. For a session
   * that is over; the files of the workspace stay. Repeating it does no harm.
   */
  end?(workspace: string): Promise<void>;
}
