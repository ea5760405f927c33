import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answerHtml } from '../../client/export/html/answer.ts';
import { escapeHtml, linkTo } from '../../client/export/html/escape.ts';
import { figuresOf } from '../../client/export/html/figures.ts';
import { pageOf } from '../../client/export/html/page.ts';
import { full } from '../../client/export/html/plot.ts';
import { bigSession } from '../support/big-session.ts';
import { aCall, aRound, aSegment, aStatus } from './client-fixtures.ts';

describe('what models and pages wrote is text', () => {
  test.each([
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    [`"'&`, '&quot;&#39;&amp;'],
    ['a\u202egpj.exe', 'a⟦U+202E⟧gpj.exe'],
    ['\u2066x\u2069\u0000\u001b[31m', '⟦U+2066⟧x⟦U+2069⟧⟦U+0000⟧⟦U+001B⟧[31m'],
    ['\u{e0041}', '⟦U+E0041⟧'],
    ['line\r\nline\ttab', 'line\nline\ttab'],
    ['\ud800', '\ufffd'],
    // Persian and emoji need their joiners.
    ['می\u200cخواهم 👩\u200d🚀', 'می\u200cخواهم 👩\u200d🚀'],
  ])('%j', (text, html) => expect(escapeHtml(text)).toBe(html));

  test('only addresses of the web become links', () => {
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'notes/a.md',
      ' java\tscript:x',
    ]) {
      expect(linkTo(url, 'x')).toBe('x');
    }
    expect(linkTo('https://a.example/"><script>', 'x')).toBe(
      '<a href="https://a.example/%22%3E%3Cscript%3E" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    );
  });
});

describe('an answer’s Markdown', () => {
  test.each([
    '<script>alert(1)</script>',
    '<svg onload=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](java&#x73;cript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:x)',
    '<javascript:alert(1)>',
    '![x](https://tracker.example/pixel.png)',
    '[x]: javascript:alert(1)\n[x]',
    '```html"><script>alert(1)</script>\n```',
    '[a](https://a.example/ "t" onmouseover="alert(1)")',
    '<a href="javascript:alert(1)">x</a>',
    '<style>*{display:none}</style>',
    '<!-- --><iframe src="https://a.example">',
  ])('%s is inert', (markdown) => {
    const html = answerHtml(markdown);
    expect(html).not.toMatch(/<(script|svg|img|iframe|style|object|embed|form|meta|link|base)\b/i);
    expect(html).not.toMatch(/<[^>]*\s(on\w+|style)=/i);
    for (const [, href] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^https?:/);
  });

  test('is rendered below the page’s own headings, without styles in attributes', () => {
    const html = answerHtml('# Top\n\n| a | b |\n|:-:|--:|\n| 1 | **2** |\n\n<https://a.example> https://b.example/x');
    expect(html).toContain('<h3 dir="auto">Top</h3>');
    expect(html).toContain('<th class="center" dir="auto">a</th>');
    expect(html).toContain('<td class="right" dir="auto"><strong>2</strong></td>');
    expect(html).toContain('href="https://a.example/"');
    expect(html).toContain('href="https://b.example/x"');
  });

  test('a link that names another site than it leads to says so', () => {
    expect(answerHtml('[https://bank.example/login](https://evil.example/)')).toContain('(leads to evil.example)');
    expect(answerHtml('[bank.example](https://evil.example/)')).toContain('(leads to evil.example)');
    for (const honest of [
      '[a.example](https://www.a.example/x)',
      '[www.a.example](https://a.example)',
      '[report.pdf, page 2](https://a.example/r.pdf)',
    ]) {
      expect(answerHtml(honest)).not.toContain('leads to');
    }
  });

  test('a text that turns around is shown for what it is', () => {
    expect(answerHtml('invoice\u202efdp.exe')).toContain('invoice⟦U+202E⟧fdp.exe');
  });
});

describe('the page', () => {
  const page = pageOf(bigSession(30));

  test('refers to nothing outside and runs nothing', () => {
    expect(page).not.toMatch(/<script|<img|<iframe|<link|@import|url\(|\son\w+=|\sstyle=/i);
    for (const [, href = ''] of page.matchAll(/href="([^"]*)"/g))
      expect(href).toMatch(/^(https:\/\/harbour\.example|#)/);
  });

  test('has a policy that allows its own style and nothing else', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  test('has all rounds and calls, and every link within leads somewhere', () => {
    expect(page.match(/<details class="round"/g)).toHaveLength(30);
    const ids = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(id);
    expect(ids.size).toBe(page.match(/\sid="/g)?.length);
  });

  test('a session that failed, and one that still works', () => {
    const session = bigSession(2);
    const failed = pageOf({
      ...session,
      result: undefined,
      outcome: 'failed',
      failure: { kind: 'failed', message: 'The key <was> refused.' },
    });
    expect(failed).toContain('<b>failed</b>: The key &lt;was&gt; refused.');
    const working = pageOf({
      ...session,
      result: undefined,
      outcome: 'running',
      status: aStatus({ hold: 'Model away.' }),
      segments: [],
    });
    expect(working).toContain('still at work: <b>thinking</b>, round 1 of at most 150');
    expect(working).toContain('Model away.');
    expect(working).not.toContain('id="figures"');
  });

  test('has what the check of claims found', () => {
    expect(page).toContain('<li dir="auto">1 of 2 cited sources opened.</li>');
    expect(page).toContain('<li dir="auto">[7]: leads to no source</li>');
  });

  test('says of a rehearsal that it is one', () => {
    const session = bigSession(1);
    expect(pageOf({ ...session, result: { ...session.result!, model: 'rehearsal' } })).toContain('no language model');
  });
});

test('figures by round: calls at once count once, failed ones apart', () => {
  const calls = [
    aCall('r1c1', { startedAt: 1_000, endedAt: 3_000 }),
    aCall('r1c2', { startedAt: 1_500, endedAt: 4_000, state: 'refused' }),
  ];
  const segments = [aSegment([aRound(1, calls)]), aSegment([aRound(2)], { index: 1 })];
  expect(figuresOf(segments)).toEqual([
    {
      number: 1,
      begins: false,
      cached: 12_000,
      computed: 345,
      generated: 321,
      modelSeconds: 4.1,
      toolSeconds: 3,
      calls: [
        { name: 'search', failed: false },
        { name: 'search', failed: true },
      ],
    },
    expect.objectContaining({ number: 2, begins: true, toolSeconds: 0, calls: [] }),
  ]);
  expect([0, 0.25, 99.96, 1234567, 1234.5].map(full)).toEqual(['0', '0.3', '100.0', '1,234,567', '1,235']);
});
