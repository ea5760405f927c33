import { DefaultLogger, type LogEntry, type Logger, type LogLevel } from '@temporalio/worker';
import { redact } from '../../protocol/redact.ts';
import type { LogFormat } from '../configuration/groups/program.ts';
import { fieldsOf } from './fields.ts';

export interface LogOptions {
  level: string;
  /** `auto`: text on a terminal, JSON elsewhere. */
  format: LogFormat;
  stream?: { write(text: string): unknown; isTTY?: boolean };
}

export const isJson = ({ format, stream = process.stderr }: Omit<LogOptions, 'level'>): boolean =>
  format === 'json' || (format === 'auto' && !stream.isTTY);

/**
 * The worker's log, Temporal's records and ours in one: a line each, for people or as a JSON object. No secret that
 * this process knows gets into it.
 */
export function makeLogger({ level, format, stream = process.stderr }: LogOptions): Logger {
  const lineOf = isJson({ format, stream }) ? jsonLine : textLine;
  return new DefaultLogger(level.toUpperCase() as LogLevel, (entry) => stream.write(`${redact(lineOf(entry))}\n`));
}

function jsonLine({ level, message, meta, timestampNanos }: LogEntry): string {
  const record = { time: timeOf(timestampNanos), level: level.toLowerCase(), message, ...fieldsOf(meta) };
  return JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

function textLine({ level, message, meta, timestampNanos }: LogEntry): string {
  const fields = Object.entries(fieldsOf(meta)).map(([name, value]) => `${name}=${inOneLine(value)}`);
  return [timeOf(timestampNanos), level.padEnd(5), message, ...fields].join(' ');
}

const timeOf = (nanos: bigint): string => new Date(Number(nanos / 1_000_000n)).toISOString();

const inOneLine = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
