import { claimLines } from '../../../protocol/claims.ts';
import { isRehearsal, REHEARSAL_NOTE } from '../../../protocol/names.ts';
import { firstSentence, usageLine } from '../../../protocol/report.ts';
import type { Source } from '../../../protocol/tool-call.ts';
import type { ExportedSession } from '../export.ts';
import { answerHtml } from './answer.ts';
import { documentOf } from './document.ts';
import { escapeHtml, linkTo } from './escape.ts';
import { figuresOf } from './figures.ts';
import { plotsHtml } from './plots.ts';
import { roundsHtml, seconds } from './rounds.ts';

/** Rounds between two links that jump. */
const JUMP = 50;

/** A session as one page that needs nothing else: no script, no outside reference, no style in attributes. */
export function pageOf(session: ExportedSession): string {
  const { status, result, segments } = session;
  const figures = figuresOf(segments);
  const title = firstSentence(status.question, 120);
  const sections = [
    ['answer', result ? 'Answer' : 'State', answerSection(session)],
    ['sources', 'Sources', sourcesSection(session)],
    ['claims', 'Claims checked', claimsSection(session)],
    ['figures', 'Figures', figures.length > 0 ? plotsHtml(figures) : ''],
    ['rounds', 'Rounds', jumps(figures.map(({ number }) => number)) + roundsHtml(segments)],
    ['session', 'Session', sessionSection(session)],
  ].filter(([, , content]) => content !== '');
  return documentOf(
    title,
    `<header>
<h1 dir="auto">${escapeHtml(title)}</h1>
${status.question.trim() === title ? '' : `<blockquote class="question" dir="auto">${escapeHtml(status.question)}</blockquote>`}
<nav aria-label="Parts of the page">${sections.map(([id, name]) => `<a href="#${id}">${name}</a>`).join(' ')}</nav>
</header>
<main>
${sections.map(([id, name, content]) => `<section aria-labelledby="${id}">\n<h2 id="${id}">${name}</h2>\n${content}\n</section>`).join('\n')}
</main>`,
  );
}

function answerSection({ status, result, failure, outcome }: ExportedSession): string {
  const parts: string[] = [];
  if (outcome === 'running' && status.state !== 'open') {
    parts.push(
      `<p class="mark">The session was still at work: <b>${escapeHtml(status.state)}</b>, round ${status.round} of at most ${status.maxRounds}.</p>`,
    );
  }
  if (status.hold && !result) parts.push(`<p class="mark bad-mark" dir="auto">${escapeHtml(status.hold)}</p>`);
  if (failure)
    parts.push(`<p class="mark bad-mark" dir="auto"><b>${failure.kind}</b>: ${escapeHtml(failure.message)}</p>`);
  if (result) {
    if (isRehearsal(result.model)) parts.push(`<p class="mark">${escapeHtml(REHEARSAL_NOTE)}</p>`);
    parts.push(`<div class="answer">${answerHtml(result.answer) || '<p>(empty)</p>'}</div>`);
  }
  return parts.join('\n');
}

function sourcesSection({ result }: ExportedSession): string {
  if (!result || result.sources.length === 0) return '';
  return `<ol>${result.sources.map(sourceItem).join('\n')}</ol>`;
}

/** What the check of citations and quotations found; the answer itself is as it was. */
function claimsSection({ result }: ExportedSession): string {
  const lines = claimLines(result ?? {}).map((line) => `<li dir="auto">${escapeHtml(line)}</li>`);
  return lines.length > 0 ? `<ul>${lines.join('\n')}</ul>` : '';
}

function sourceItem({ url, title, call }: Source): string {
  const name = title ? `<bdi>${escapeHtml(title)}</bdi><br>` : '';
  const opened = call
    ? ` <a class="small" href="#round-${escapeHtml(/^r(\d+)/.exec(call)?.[1] ?? '')}">opened in ${escapeHtml(call)}</a>`
    : '';
  return `<li>${name}${linkTo(url, `<bdi>${escapeHtml(url)}</bdi>`)}${opened}</li>`;
}

function jumps(rounds: readonly number[]): string {
  if (rounds.length <= JUMP) return '';
  const to = rounds.filter((_, index) => index % JUMP === 0);
  return `<nav aria-label="Jump to a round">${to.map((number) => `<a href="#round-${number}">${number}</a>`).join(' ')}</nav>\n`;
}

function sessionSection(session: ExportedSession): string {
  const { id, runId, status, result, segments, outcome } = session;
  const rounds = segments.flatMap((segment) => segment.rounds).filter(({ reply }) => reply).length;
  const facts: [string, string][] = [
    ['Session', id],
    ['Run', runId],
    ['Outcome', result ? `${outcome}, ${result.stopReason}` : outcome],
    ['Started', new Date(status.startedAt).toISOString().replace('T', ' ').slice(0, 19)],
    ...(result
      ? [['Time', seconds(result.elapsedMs)] as [string, string], ['Model', result.model] as [string, string]]
      : []),
    ['Rounds', `${rounds} in ${segments.length} ${segments.length === 1 ? 'segment' : 'segments'}`],
    ['Tokens', usageLine(status.usage)],
    ['Tools', status.tools.join(', ')],
    ...(result?.artifacts ?? []).map(({ name, type, bytes }): [string, string] => [
      'File',
      `${name} (${type}, ${bytes} bytes)`,
    ]),
  ];
  const rows = facts.map(([term, text]) => `<dt>${term}</dt><dd><bdi>${escapeHtml(text)}</bdi></dd>`);
  return `<dl>${rows.join('\n')}</dl>`;
}
