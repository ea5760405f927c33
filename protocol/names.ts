/** Names that other programs, dashboards and stored histories rely on. They may grow, they never change. */

export const WORKFLOW = { session: 'deepResearch', batch: 'deepResearchBatch', files: 'deepResearchFiles' } as const;

/** Default of `TEMPORAL_TASK_QUEUE`. */
export const DEFAULT_TASK_QUEUE = 'deep-research';

export const QUERY = {
  status: 'status',
  transcript: 'transcript',
  trajectory: 'trajectory',
  report: 'report',
  /** What `infer` reads: messages with the request's settings. */
  inference: 'inference',
  /** Of a batch: the sessions that ended last. */
  progress: 'progress',
  /** What a fork takes over beside the trajectory. */
  checkpoint: 'checkpoint',
} as const;

export const UPDATE = {
  steer: 'steer',
  pause: 'pause',
  resume: 'resume',
  finish: 'finish',
  approve: 'approve',
  ask: 'ask',
  /** Of a batch: most sessions at work at once. */
  window: 'window',
  /** Of a batch: stops it and its sessions. */
  cancel: 'cancel',
} as const;

/** Search attributes, set only where the server knows them. */
export const SEARCH_ATTRIBUTE = {
  state: 'ResearchState',
  rounds: 'ResearchRounds',
  batch: 'ResearchBatch',
} as const;

/** `ApplicationFailure` types, so that callers can tell failures apart without reading messages. */
export const FAILURE = {
  invalidInput: 'InvalidInput',
  modelUnavailable: 'ModelUnavailable',
  modelRejected: 'ModelRejected',
  contextOverflow: 'ContextOverflow',
  toolFailed: 'ToolFailed',
  transcriptUnavailable: 'TranscriptUnavailable',
  workerStopped: 'WorkerStopped',
} as const;

/** The rehearsal model's name: a fixed policy that stands in for a model. Its answers are marked wherever they are shown. */
export const REHEARSAL_MODEL = 'rehearsal';

/** Said beside every answer of the rehearsal model, whatever the answer's text is. */
export const REHEARSAL_NOTE = 'Answer of the rehearsal model: a fixed policy, no language model.';

export const isRehearsal = (model: string): boolean => model === REHEARSAL_MODEL;
