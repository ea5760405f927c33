import type { CheckedClaims } from './claims.ts';
import type { ReadFileInput } from './files.ts';
import type { Forked, ForkInput } from './fork.ts';
import type { InputFile, ModelSettings } from './input.ts';
import type { Message, ToolProtocol } from './messages.ts';
import type { Reply } from './reply.ts';
import type { Artifact } from './result.ts';
import type { SessionRef, ToolCallInput, ToolCallOutput } from './tool-call.ts';
import type { ToolSchema } from './tool-schemas.ts';

export interface PrepareInput {
  question: string;
  files: InputFile[];
  skills: string[];
  tools?: string[];
  approve: string[];
  systemPrompt?: string;
  corpus?: string;
  sharedSearches?: string;
}

/** What depends on the worker and the world, settled once; from here on nothing asks the configuration. */
export interface Prepared {
  /** Ends in the session's fixed date. */
  systemPrompt: string;
  /** The first user message: the question and the names of attached files. */
  opening: string;
  /** Names of the tools offered to the model. */
  tools: string[];
  /** Of these, the ones whose calls run one after another because they change something. */
  effectful: string[];
  protocol: ToolProtocol;
  /** With native tool calls: the tools as the API is told of them. The text protocol has them in its system prompt. */
  schemas?: ToolSchema[];
  session: SessionRef;
  /** The workspace with the staged files; absent in sessions that were prepared by an older worker. */
  workspace?: PreparedWorkspace;
  /** Task queues of workers with split roles or limited tools; absent where the session's own queue serves everything. */
  queues: {
    inference?: string;
    sandbox?: string;
    /** By tool: those whose calls a second are limited. */
    tools?: Record<string, string>;
  };
  /** Whether the server knows the search attributes. */
  searchAttributes: boolean;
}

export interface PreparedWorkspace {
  /** Hash of its first snapshot: what the session was given. */
  snapshot: string;
  /** Of a session that goes on from another's round: the snapshot it begins with. */
  begins?: string;
  /** Task queue of the host that has it; absent where the next to be asked makes one. */
  queue?: string;
  /** Of the session's tools, those whose calls go to that host. */
  tools: string[];
  /** A host that does not take a call within this time is taken for gone. */
  lostAfterSeconds: number;
}

/** Purpose of a model call: a round of research, the summary at a context reset, or a last answer without calls. */
export type InferencePurpose = 'round' | 'summary' | 'answer';

export interface InferInput {
  round: number;
  segment: number;
  /** Number of messages of the segment's transcript to send; they are read by query. */
  messages: number;
  /** Digest of these messages; what a process remembers counts only if it has the same. */
  digest?: string;
  purpose: InferencePurpose;
  /** One more user message after them, for this call only. */
  append?: string;
  /** The endpoint that gave the last reply. */
  endpoint?: string;
  /** Estimated tokens of the prompt, and the most the context may hold. */
  promptTokens: number;
  contextTokens: number;
}

/** Answer of the query `inference`: what a model call needs, paged below the store's payload threshold. */
export interface InferenceView {
  /** May be fewer than asked for; ask again from where they end. */
  messages: Message[];
  model: ModelSettings;
  protocol: ToolProtocol;
  tools: string[];
  schemas?: ToolSchema[];
}

/** What `infer` reports while it waits and streams; the next attempt and live views read it. */
export interface InferProgress {
  round: number;
  endpoint: string;
  /** Generated so far. */
  text: string;
  reasoning: string;
  /** Ids of these tokens, packed, where the server gives them; the next attempt goes on from them. */
  tokens?: string;
  /** Model of the endpoint: only the same can go on. */
  model?: string;
  startedAt: number;
  /** The endpoint whose fault ended this attempt: the next one asks another first. */
  failed?: string;
}

export interface ConcludeInput {
  session: SessionRef;
  /** There is an answer, whose claims are checked. */
  answered?: true;
  /** Snapshot of what the session was given: what is new or different since then is an artifact. */
  given?: string;
  /** The session may go on: its workspace is left as it is. */
  keep?: true;
  /** The workflow that has started this session: where it is a batch, it is left an account. */
  batch?: string;
}

export interface Concluded extends Partial<CheckedClaims> {
  artifacts: Artifact[];
  /** What is not among them, in a sentence. */
  artifactsNote?: string;
  /** Task queue of the host that keeps them. */
  artifactsAt?: string;
  /** Hash of the account that was left for the batch. */
  account?: string;
}

/** The activities of a session, by type. Each tool is one more, under its model-facing name. */
export interface SessionActivities {
  prepare(input: PrepareInput): Promise<Prepared>;
  /** Instead of `prepare`, where a session goes on from another's round. */
  fork(input: ForkInput['fork'] & { approve?: string[] }): Promise<Forked>;
  infer(input: InferInput): Promise<Reply>;
  conclude(input: ConcludeInput): Promise<Concluded>;
  /** A part of a file in the store, as base64. */
  readFile(input: ReadFileInput): Promise<string>;
}

export type ToolActivity = (input: ToolCallInput) => Promise<ToolCallOutput>;
