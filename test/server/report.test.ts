import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { containedReader } from '../../activities/documents/contained-reader.ts';
import { DeepResearchClient } from '../../client/index.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** A long report as files, by the skill `report` of the examples. */
const SKILLS = fileURLToPath(new URL('../../examples/skills', import.meta.url));

let sessions: Sessions;
beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work({ DEEP_RESEARCH_SKILLS_DIR: SKILLS });
}, START_LIMIT_MS);
afterAll(() => sessions?.close());

const REPORT = [
  '# Lamps of the harbour: a “short” report',
  'The lamp of **1911** was *bright*; see [the log](https://example.org/log?a=1&b=(2)).',
  '## 中文小节',
  '潮汐观测在一九一一年开始。 🚢',
  '1. First\n2. Second with **bold**\n   - nested\n3. Third',
  '> A quotation.',
  '| Year | Lamps |\n|---|---:|\n| 1911 | 3 |\n| 1920 | oil \\| gas |',
  '```\nif a < b: pass\n```',
  ...Array.from({ length: 60 }, (_, index) => `Paragraph ${index + 1} of the ${'very '.repeat(30)}long part.`),
  'The end.',
].join('\n\n');

const bash = (command: string) => ({ name: 'bash', arguments: { command } });

test('a session writes a report, makes DOCX and PDF of it, and both are read back', { timeout: 300_000 }, async () => {
  const script = [
    { name: 'parse_file', arguments: { files: ['skills/report/SKILL.md'] } },
    bash(`cat > report.md <<'EOF'\n${REPORT}\nEOF`),
    bash('python3 skills/report/scripts/make_report.py report.md'),
  ];
  const research = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue });
  const session = await research.start(played({ script }, { skills: ['report'] }));
  const { artifacts } = await session.result();
  expect(artifacts.map(({ name }) => name).sort()).toEqual(['report.docx', 'report.md', 'report.pdf']);
  const calls = (await session.trajectory()).flatMap(({ rounds }) => rounds.flatMap((round) => round.calls));
  expect(calls.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  expect(calls[2]?.result).toMatch(/report\.pdf: \d pages\nOnly readers with a Chinese font show these.*潮.*\n.*🚢/s);

  const reader = containedReader();
  const read = async (name: string) => {
    const artifact = (await session.artifacts()).find((each) => each.name === name);
    const path = await artifact?.saveTo(sessions.stateDir);
    return (await reader.read(readFileSync(path as string), { name })).text;
  };
  const docx = await read('report.docx');
  for (const part of [
    '# Lamps of the harbour: a “short” report',
    '**1911**',
    'https://example.org/log?a=1',
    '中文小节',
    '🚢',
    'Second with **bold**',
    'oil \\| gas',
    'if a < b: pass',
    'Paragraph 60',
    'The end.',
  ]) {
    expect(docx).toContain(part);
  }
  const pdf = await read('report.pdf');
  for (const part of [
    'Lamps of the harbour: a “short” report',
    '1911',
    '2. Second with bold',
    'Paragraph 60',
    'The end.',
  ]) {
    expect(pdf).toContain(part);
  }
});
