import * as wf from '@temporalio/workflow';
import type { Prepared } from '../protocol/activities.ts';
import { type ForkInput, isFork, parseForkInput } from '../protocol/fork.ts';
import { parseResearchInput, type ResearchSettings } from '../protocol/input.ts';
import { FAILURE } from '../protocol/names.ts';
import { forkedData } from './fork.ts';
import { remember } from './listed.ts';
import type { Runtime } from './runtime.ts';
import { newSessionAt, type Session } from './session.ts';
import { newSession } from './session-state.ts';

/** What a session is asked to do: a question's settings, and where it goes on from another session, that. */
export interface Asked {
  settings: ResearchSettings;
  fork?: ForkInput;
}

/** Reads a workflow's input. @throws ApplicationFailure with one sentence that names the field */
export function askedOf(input: unknown): Asked {
  if (!isFork(input)) return { settings: settingsOf(input) };
  const parsed = parseForkInput(input);
  if ('error' in parsed) throw invalid(parsed.error);
  const { fork, steer: _, ...settings } = parsed.input;
  // Until the original is read nothing more is known of the question.
  const question = `Goes on from round ${fork.round} of the session ${fork.session}`;
  return { settings: settingsOf({ question, ...settings }), fork: parsed.input };
}

function settingsOf(input: unknown): ResearchSettings {
  const parsed = parseResearchInput(input);
  if ('error' in parsed) throw invalid(parsed.error);
  return parsed.settings;
}

const invalid = (message: string) => wf.ApplicationFailure.nonRetryable(message, FAILURE.invalidInput);

/** People ask for the status, and steer, before the first worker has prepared the session. */
const UNPREPARED: Prepared = {
  systemPrompt: '',
  opening: '',
  tools: [],
  effectful: [],
  protocol: 'text',
  session: { workspace: '' },
  queues: {},
  searchAttributes: false,
};

export const unprepared = ({ settings }: Asked, runtime: Runtime): Session =>
  newSessionAt(newSession(settings, UNPREPARED, runtime.now()), runtime);

/** Settles, by one activity, what the session starts from. What people said meanwhile is kept. */
export async function begin(session: Session, { settings, fork }: Asked): Promise<void> {
  const { runtime } = session;
  const { startedAt } = session.data;
  if (!fork) {
    const { question, files, skills, tools, approve, systemPrompt, corpus, sharedSearches } = settings;
    remember(question);
    const prepared = await runtime.prepare({
      ...{ question, files, skills, tools, approve, systemPrompt, corpus },
      ...(sharedSearches === undefined ? {} : { sharedSearches }),
    });
    session.data = { ...newSession(settings, prepared, startedAt), steering: session.data.steering };
    return;
  }
  const { approve } = fork;
  const forked = await runtime.fork({ ...fork.fork, ...(approve ? { approve } : {}) });
  remember(forked.settings.question, fork);
  session.data = { ...forkedData(forked, fork, startedAt), steering: session.data.steering };
}
