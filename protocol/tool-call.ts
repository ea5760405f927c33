import type { Usage } from './reply.ts';

/** The tools under their model-facing names, which are also their activity types. The order is the prompt's. */
export const TOOL_NAMES = [
  'search',
  'google_scholar',
  'image_search',
  'visit',
  'parse_file',
  'PythonInterpreter',
  'bash',
  'ask_question_about_image',
  'ask_question_about_video',
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/**
 * Of the nine, those whose calls change the workspace: they run one after another, in the order of the calls, and in
 * the sandbox.
 */
export const EFFECTFUL_TOOLS: ReadonlySet<string> = new Set<ToolName>(['PythonInterpreter', 'bash']);

/** Of the nine, those that read or change the workspace: they run where it is. */
export const WORKSPACE_TOOLS: ReadonlySet<string> = new Set<ToolName>([
  'parse_file',
  'PythonInterpreter',
  'bash',
  'ask_question_about_image',
  'ask_question_about_video',
]);

/** Whether a tool needs the files of the workspace; one of somebody's own may. */
export const usesWorkspace = (name: string): boolean =>
  WORKSPACE_TOOLS.has(name) || !(TOOL_NAMES as readonly string[]).includes(name);

/** What the worker needs to know of the session a call belongs to. Settled once, by `prepare`. */
export interface SessionRef {
  /** Folder name of the session's workspace below the worker's workspaces. */
  workspace: string;
  /** Of a call that needs the workspace: the snapshot it has to be at. */
  snapshot?: string;
  /** Absolute folder of documents that `search` and `visit` read, if there is one. */
  corpus?: string;
  /** Name under which its searches are recorded for it and others. */
  sharedSearches?: string;
}

/** Input of every tool activity. */
export interface ToolCallInput {
  /** Stable over retries: `r12c1` is the first call of round 12. */
  callId: string;
  arguments: Record<string, unknown>;
  session: SessionRef;
  /** The host that this call was for is gone. */
  lost?: LostHost;
}

/** A host with the workspace from which nothing is heard any more. */
export interface LostHost {
  /** Its task queue. */
  queue: string;
  /** It had taken the call, which may have run there. */
  begun: boolean;
}

/** Where the workspace is after a call, and what of it is saved. */
export interface WorkspaceState {
  /** Hash of the snapshot; absent where none could be taken, and the one before holds. */
  snapshot?: string;
  /** Task queue of the host that has the workspace. */
  queue?: string;
  /** What is not in the snapshot, for people. */
  notSaved?: string;
}

/** A page or document that a tool opened. */
export interface Source {
  url: string;
  title?: string;
  /** Of the bytes that were read, by which the worker's cache gives them again. */
  sha256?: string;
  /** The call that opened it first, such as `r12c1`. */
  call?: string;
}

/** Result of every tool activity. `text` is what the model reads. */
export interface ToolCallOutput {
  text: string;
  /** The text is an error sentence. */
  failed?: true;
  /** What was opened, for the session's list of sources. */
  sources?: Source[];
  /** Tokens of the model calls that the tool made. */
  usage?: Usage;
  /** Where the answers came from: for people, the model does not see it. */
  lookups?: Lookup[];
  /** Of a call that needed the workspace. */
  workspace?: WorkspaceState;
}

/** Who answered one query of a search, or opened a page. */
export interface Lookup {
  /** The query, or the page's address. */
  query: string;
  /** Providers whose hits were given; of a page `web` (fetched here), `browser` (opened in one here) or `jina` (a service). */
  from: string[];
  /** Age of the answer or page where it came from the cache. */
  cachedForSeconds?: number;
  /** What those said who could not answer. */
  failed?: string;
}
