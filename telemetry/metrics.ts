import { type MetricMeter, noopMetricMeter } from '@temporalio/common';

/** Upper bounds of the histograms' buckets; Temporal's own are for its milliseconds. */
export const BUCKETS: Record<string, number[]> = {
  deep_research_model_call_seconds: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600],
  deep_research_first_token_seconds: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900],
  deep_research_tokens_per_second: [1, 5, 10, 20, 30, 40, 60, 80, 120, 200, 400, 1000],
  deep_research_tool_call_seconds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800],
};

let instruments = instrumentsOf(noopMetricMeter);

/** From here on metrics are counted with it; until then nowhere. */
export function countWith(meter: MetricMeter): void {
  instruments = instrumentsOf(meter);
}

/** What is counted. Names and labels are public: dashboards rely on them. */
export const count = {
  modelCall({ usage, firstTokenMs, seconds, ...tags }: ModelCallCount): void {
    const { outcome, purpose, ...where } = tags;
    instruments.modelCalls.add(1, tags);
    instruments.modelCallSeconds.record(seconds, tags);
    if (!usage) return;
    const kinds = { prompt: usage.prompt, cached: usage.cached, completion: usage.completion };
    for (const [kind, tokens] of Object.entries(kinds)) instruments.tokens.add(tokens, { ...where, kind });
    if (purpose === 'round') instruments.rounds.add(1);
    if (!firstTokenMs) return;
    instruments.firstTokenSeconds.record(firstTokenMs / 1000, where);
    const writing = seconds - firstTokenMs / 1000;
    if (writing > 0 && usage.completion > 1) instruments.tokensPerSecond.record(usage.completion / writing, where);
  },
  toolCall({ seconds, ...tags }: { tool: string; outcome: string; seconds: number }): void {
    instruments.toolCalls.add(1, tags);
    instruments.toolCallSeconds.record(seconds, tags);
  },
  cacheLookup: (hit: boolean): void => instruments.cacheLookups.add(1, { result: hit ? 'hit' : 'miss' }),
  batchRow: (status: string): void => instruments.batchRows.add(1, { status }),
  hold: (): void => instruments.holds.add(1),
  sessionEnded: (outcome: string): void => instruments.sessionsEnded.add(1, { outcome }),
  openSessions: (state: string, sessions: number): void => instruments.sessions.set(sessions, { state }),
  containers: (containers: number): void => instruments.containers.set(containers),
};

interface ModelCallCount {
  endpoint: string;
  model: string;
  purpose: string;
  outcome: string;
  seconds: number;
  firstTokenMs?: number;
  usage?: { prompt: number; cached: number; completion: number };
}

function instrumentsOf(meter: MetricMeter) {
  const counter = (name: string, what: string) => meter.createCounter(`deep_research_${name}`, undefined, what);
  const seconds = (name: string, what: string) =>
    meter.createHistogram(`deep_research_${name}`, 'float', undefined, what);
  const gauge = (name: string, what: string) => meter.createGauge(`deep_research_${name}`, 'int', undefined, what);
  return {
    modelCalls: counter('model_calls', 'Model calls that have ended, by endpoint and outcome'),
    modelCallSeconds: seconds('model_call_seconds', 'How long model calls took'),
    firstTokenSeconds: seconds('first_token_seconds', 'Time to the first token'),
    tokensPerSecond: seconds('tokens_per_second', 'Tokens a second of a reply, from its first token on'),
    tokens: counter('tokens', 'Tokens: prompt, of these cached, and completion'),
    rounds: counter('rounds', 'Rounds that have a reply'),
    toolCalls: counter('tool_calls', 'Tool calls that have ended, by tool and outcome'),
    toolCallSeconds: seconds('tool_call_seconds', 'How long tool calls took'),
    cacheLookups: counter('cache_lookups', 'Look-ups in the cache of earlier answers'),
    batchRows: counter('batch_rows', 'Rows of batches that were written'),
    holds: counter('holds', 'Times that a session held, since its model failed for good'),
    sessionsEnded: counter('sessions_ended', 'Sessions that have ended, by how'),
    sessions: gauge('sessions', 'Open sessions of the task queue by state; the same from every worker'),
    containers: gauge('sandbox_containers', 'Containers of sessions on this host'),
  };
}
