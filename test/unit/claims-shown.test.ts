import { expect, test } from 'vitest';
import { printResult } from '../../client/cli/live-view/print-result.ts';
import type { ExportedSession } from '../../client/export/export.ts';
import { pageOf } from '../../client/export/html/page.ts';
import { markdownOf } from '../../client/export/markdown.ts';
import { type CheckedClaims, claimLines } from '../../protocol/claims.ts';
import { claimsSection } from '../../protocol/report.ts';
import { aResult, aStatus } from './client-fixtures.ts';

const claims: CheckedClaims = {
  citations: [
    { source: 'https://a.example/', state: 'opened' },
    { source: 'https://b.example/', state: 'listed' },
    { source: '[3]', state: 'unseen' },
  ],
  quotations: [
    { text: 'word for word', state: 'found', cites: 'https://a.example/' },
    { text: 'said elsewhere', state: 'found', cites: 'https://b.example/', in: 'https://a.example/' },
    { text: 'more or less so', state: 'nearly', cites: 'https://a.example/' },
    { text: '<script>alert(1)</script> said nobody', state: 'missing' },
  ],
};
const LINES = [
  '1 of 3 cited sources opened.',
  '2 of 4 quotations found word for word, 1 nearly, 1 not.',
  'https://b.example/: stood in a result, but was not opened',
  '[3]: leads to no source',
  '“said elsewhere”: found in https://a.example/, not in https://b.example/',
  '“more or less so”: nearly found, cited from https://a.example/',
  '“<script>alert(1)</script> said nobody”: not found in what was read',
];

test('first the counts, then what somebody should look at', () => {
  expect(claimLines(claims)).toEqual(LINES);
  expect(claimLines({ citations: [], quotations: [] })).toEqual([]);
});

test('a long list is cut in the report', () => {
  const many = { ...claims, citations: Array.from({ length: 60 }, () => claims.citations[1]!) };
  const [, text = ''] = claimsSection(many, 500);
  expect(text.length).toBeLessThan(560);
  expect(text).toMatch(/- \d+ more are left out\.$/);
});

test('exports and the command line show it, and a session that was not checked has nothing there', () => {
  const shown = (result: ReturnType<typeof aResult>) => {
    const status = aStatus({ result });
    const ids = { version: 1, id: 's', runId: 'r' } as const;
    const session: ExportedSession = { ...ids, outcome: 'completed', status, result, segments: [] };
    let printed = '';
    printResult(result, { out: { write: (part: string) => (printed += part) } as never });
    return [markdownOf(session), pageOf(session), printed];
  };
  for (const text of shown(aResult(claims))) {
    expect(text).toContain('Claims checked');
    expect(text).toContain('2 of 4 quotations found word for word, 1 nearly, 1 not.');
  }
  expect(shown(aResult(claims))[1]).not.toContain('<script>alert');
  for (const text of shown(aResult())) expect(text).not.toContain('Claims checked');
});
