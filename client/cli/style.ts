import { styleText } from 'node:util';

/** What a text is, not which colour it has. */
export type Role = 'quiet' | 'strong' | 'name' | 'good' | 'bad' | 'warn' | 'person';

export type Style = (role: Role, text: string) => string;

const FORMATS = {
  quiet: 'gray',
  strong: 'bold',
  name: 'cyan',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  person: 'magenta',
} as const;

/** Colours on a terminal that wants them, the bare text elsewhere. */
export function styleFor(isTTY: boolean, env: Record<string, string | undefined> = process.env): Style {
  if (!isTTY || env.NO_COLOR || env.TERM === 'dumb') return (_, text) => text;
  return (role, text) => styleText(FORMATS[role], text, { validateStream: false });
}
