import { median, pairedRatio, quantile } from '../statistics.ts';
import { tableLines } from '../table.ts';

/** A stretch of rounds that ran without a stop. */
export interface Lap {
  rounds: number;
  elapsedMs: number;
  /** Of it, the time the model server had the request. */
  modelMs: number;
  /** Processor time of the worker's process. */
  cpuMs: number;
  /** Of it, the time that queries for the transcript took. */
  queryMs: number;
}

/** What one workflow came to. */
export interface Run {
  rounds: number;
  historyBytes: number;
  events: number;
  /** Bytes of the texts of all messages. */
  transcriptBytes: number;
  laps: Lap[];
  /** Why it ended before its last round. */
  ended?: string;
}

/** Workflows whose laps ran in turns on the same server, the bare loop's lap before each of the other's. */
export interface Pair {
  run: Run;
  bare: Run;
}

export interface Figures {
  rounds: number;
  historyBytes: number;
  transcriptBytes: number;
  /** Bytes of history for each byte of the transcript. */
  historyRatio: number;
  events: number;
  /** Without the model's time: median of the laps, and the quarters. */
  msPerRound: { median: number; lower: number; upper: number };
  /** Time a round beside the bare loop's. */
  bareRatio: number;
  queryMsPerRound: number;
  cpuMsPerRound: number;
  ended?: string;
}

const perRound = ({ rounds, elapsedMs, modelMs }: Lap): number => (elapsedMs - modelMs) / rounds;

/** The figures of one design from its runs. Sizes are of the first run: they differ by the digits of times alone. */
export function figuresOf(pairs: readonly Pair[]): Figures {
  const first = pairs[0]?.run;
  if (!first) throw new RangeError('figuresOf: expected at least one run');
  const laps = pairs.flatMap(({ run }) => run.laps);
  const times = laps.map(perRound);
  // A run that was terminated has fewer laps than the bare loop beside it.
  const beside = pairs.flatMap(({ run, bare }) => bare.laps.slice(0, run.laps.length)).map(perRound);
  return {
    rounds: first.rounds,
    historyBytes: first.historyBytes,
    transcriptBytes: first.transcriptBytes,
    historyRatio: first.historyBytes / first.transcriptBytes,
    events: first.events,
    msPerRound: { median: median(times), lower: quantile(times, 0.25), upper: quantile(times, 0.75) },
    bareRatio: pairedRatio(times, beside),
    queryMsPerRound: median(laps.map(({ queryMs, rounds }) => queryMs / rounds)),
    cpuMsPerRound: median(laps.map(({ cpuMs, rounds }) => cpuMs / rounds)),
    ...(first.ended === undefined ? {} : { ended: first.ended }),
  };
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en');
const HEADER = [
  'design',
  'rounds',
  'history bytes',
  'transcript bytes',
  'ratio',
  'events',
  'ms a round (quarters)',
  'x bare',
  'query ms',
  'worker CPU ms',
];

export function historyTable(designs: Record<string, Figures>): string[] {
  const rows = Object.entries(designs).map(([name, figures]) => {
    const { median: middle, lower, upper } = figures.msPerRound;
    const hasText = figures.transcriptBytes > 0;
    return [
      name,
      String(figures.rounds),
      thousands(figures.historyBytes),
      hasText ? thousands(figures.transcriptBytes) : '-',
      hasText ? figures.historyRatio.toFixed(2) : '-',
      thousands(figures.events),
      `${middle.toFixed(1)} (${lower.toFixed(1)}-${upper.toFixed(1)})`,
      figures.bareRatio.toFixed(2),
      figures.queryMsPerRound > 0 ? figures.queryMsPerRound.toFixed(1) : '-',
      figures.cpuMsPerRound.toFixed(1),
    ];
  });
  return tableLines(HEADER, rows);
}

/** The promise, and whether these figures keep it. */
const TARGETS = { historyRatio: 1.6, bareRatio: 1.25 } as const;

export function verdictLines(session: Figures): string[] {
  const line = (what: string, value: number, most: number) =>
    `${what}: ${value.toFixed(2)}, promised at most ${most}: ${value <= most ? 'kept' : 'NOT kept'}`;
  return [
    line('History, in bytes of the transcript', session.historyRatio, TARGETS.historyRatio),
    line('Time a round, in rounds of the bare loop', session.bareRatio, TARGETS.bareRatio),
  ];
}
