import type { Prepared, PreparedWorkspace } from '../protocol/activities.ts';
import type { ResearchSettings } from '../protocol/input.ts';
import { noUsage, type Usage } from '../protocol/reply.ts';
import type { Source, WorkspaceState } from '../protocol/tool-call.ts';
import type { CallRecord, Round, Segment } from '../protocol/trajectory.ts';

/** Everything a session knows: plain data, so that continue-as-new carries it over whole. */
export interface SessionData {
  settings: ResearchSettings;
  prepared: Prepared;
  /** Where the workspace is now and the snapshot it is at; absent in sessions that were prepared by an older worker. */
  workspace?: WorkspaceState;
  segments: Segment[];
  usage: Usage;
  sources: Source[];
  startedAt: number;
  /** Rounds with a reply, over all segments. */
  rounds: number;
  endpoint?: string;
  model: string;
  tokens: TokenCalibration;
  /** Messages of the segment that the model has been sent; these never change any more. */
  sent: number;
  /** Steering texts the model has not seen yet. */
  steering: string[];
}

/** What the last usage told about the transcript's length. */
export interface TokenCalibration {
  /** Prompt and completion tokens after the last reply; 0 before the first. */
  counted: number;
  /** Messages of the segment that `counted` covers. */
  messages: number;
  /** Characters a token, learned in this session. */
  charsPerToken: number;
}

export function newSession(settings: ResearchSettings, prepared: Prepared, startedAt: number): SessionData {
  const data: SessionData = {
    settings,
    prepared,
    ...(prepared.workspace ? { workspace: workspaceOf(prepared.workspace) } : {}),
    segments: [],
    usage: noUsage(),
    sources: [],
    startedAt,
    rounds: 0,
    model: '',
    tokens: { counted: 0, messages: 0, charsPerToken: 3.5 },
    sent: 0,
    steering: [],
  };
  openSegment(data, prepared.opening);
  return data;
}

export const workspaceOf = ({ snapshot, begins = snapshot, queue }: PreparedWorkspace): WorkspaceState => ({
  snapshot: begins,
  ...(queue ? { queue } : {}),
});

export function openSegment(data: SessionData, opening: string): Segment {
  const segment: Segment = {
    index: data.segments.length,
    system: data.prepared.systemPrompt,
    opening,
    rounds: [],
  };
  data.segments.push(segment);
  data.tokens = { ...data.tokens, counted: 0, messages: 0 };
  data.sent = 0;
  return segment;
}

export const currentSegment = (data: SessionData): Segment => data.segments[data.segments.length - 1] as Segment;

export const currentRound = (data: SessionData): Round | undefined => currentSegment(data).rounds.at(-1);

/** Rounds of the current segment that have a reply; what `maxRounds` counts. */
export const segmentRounds = (data: SessionData): number =>
  currentSegment(data).rounds.reduce((count, round) => count + (round.reply ? 1 : 0), 0);

/** Calls that run, or wait for a person, now. */
export const openCalls = (data: SessionData): CallRecord[] =>
  (currentRound(data)?.calls ?? []).filter((call) => call.state === 'running' || call.state === 'approval');

export function addSources(data: SessionData, sources: Source[], call: string): void {
  for (const source of sources) {
    if (!data.sources.some((known) => known.url === source.url)) data.sources.push({ ...source, call });
  }
}
