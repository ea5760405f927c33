/** What one look came to. `bad`: sessions would fail or wait for ever; `warning`: they work, but not as one would want. */
export interface Finding {
  /** What was looked at, in a word or two. */
  check: string;
  state: 'good' | 'warning' | 'bad';
  /** One sentence: what is there, or what is wrong. */
  says: string;
  /** What to do about it. */
  mend?: string;
}

/** Findings of one check. */
export const findingsOf = (check: string) => ({
  good: (says: string): Finding => ({ check, state: 'good', says }),
  warning: (says: string, mend?: string): Finding => ({ check, state: 'warning', says, ...(mend ? { mend } : {}) }),
  bad: (says: string, mend?: string): Finding => ({ check, state: 'bad', says, ...(mend ? { mend } : {}) }),
});

/** Checks that throw one sentence a line, with what to do after a semicolon, as those at a worker's start do. */
export function badOf(check: string, error: unknown): Finding[] {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n').map((line) => {
    const [, says = line, mend] = /^(.*?); (.*)$/.exec(line) ?? [];
    return findingsOf(check).bad(mend ? `${says}.` : says, mend);
  });
}
