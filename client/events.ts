import type { ResearchResult } from '../protocol/result.ts';
import type { Status } from '../protocol/status.ts';
import type { CallRecord, Round } from '../protocol/trajectory.ts';
import type { FailureKind } from './errors.ts';

/** What `watch` tells. A round's number counts from 1 over the whole session. */
export type SessionEvent =
  /** Whenever the session's status has changed. */
  | { type: 'status'; status: Status }
  | { type: 'round-started'; round: number }
  /** More of what the model is writing. `replaces`: what came before in this round no longer holds. */
  | { type: 'delta'; round: number; kind: 'thought' | 'text'; text: string; replaces?: true }
  | { type: 'round-replied'; round: Round }
  | { type: 'call-started'; round: number; call: CallRecord }
  | { type: 'call-finished'; round: number; call: CallRecord }
  | { type: 'waiting-for-approval'; round: number; call: CallRecord }
  | { type: 'round-finished'; round: Round }
  | { type: 'steering-applied'; round: number; text: string }
  /** The session itself told the model something. */
  | { type: 'note'; round: number; text: string }
  | { type: 'follow-up'; round: number; question: string }
  /** `segment` counts from 1. */
  | { type: 'segment-closed'; segment: number; stopReason: string }
  | { type: 'paused' }
  | { type: 'holding'; reason: string }
  /** After a pause or a hold. */
  | { type: 'resumed' }
  | { type: 'retrying'; activity: string; attempt: number; cause: string; failureType?: string; nextAttemptAt?: number }
  | { type: 'connection-lost'; message: string }
  | { type: 'connection-back' }
  /** Nobody works on the session just now; it goes on when a worker is there. */
  | { type: 'worker-away'; message: string }
  | { type: 'worker-back' }
  /** `open`: follow-up questions are still taken, and the watch goes on. Else the last event. */
  | { type: 'answered'; result: ResearchResult; open: boolean }
  /** The last event. */
  | { type: 'failed'; kind: Exclude<FailureKind, 'cancelled'>; message: string; failureType?: string }
  /** The last event. */
  | { type: 'cancelled'; message: string };
