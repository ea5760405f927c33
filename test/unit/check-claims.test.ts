import { describe, expect, test } from 'vitest';
import { checkClaims } from '../../activities/claims/check-claims.ts';
import { searchResults } from '../../activities/tools/results/search-results.ts';
import { visitResult } from '../../activities/tools/results/visit-results.ts';
import type { Citation, Quotation } from '../../protocol/claims.ts';
import type { Source } from '../../protocol/tool-call.ts';
import type { CallRecord, Segment } from '../../protocol/trajectory.ts';

const GAUGE = 'https://tides.example/gauge';
const LAMP = 'https://lights.example/skerry-lamp?utm_source=x';
const CHINESE = 'https://haijing.example/shuiwei';
const LISTED = 'https://news.example/storm';

const PAGES: Record<string, string> = {
  [GAUGE]:
    'The tide gauge at Skerry harbour was installed in 1931. On 3 March 1962 it stood at 4.25 metres before noon, the highest level since records began. The keeper said he had “never seen the quay under water” and rang the bell.',
  [LAMP]:
    "The lamp's first-order lens was made in Paris by Barbier & Fenestre. It needs no electricity: a clockwork turns it once in thirty seconds, and the light can be seen for 21 nautical miles.",
  [CHINESE]: '根据气象局的记录，1962年3月3日上午水位达到4.25米，是有记录以来的最高水平。灯塔看守人当天敲响了警钟。',
  'notes/harbour dues.md': 'Each boat pays four shillings a year, and six if it has an engine.',
  'notes/keeper-log.txt': 'Rang the bell at eleven. Water over the quay, two boats adrift, nobody hurt.',
};

let number = 0;
const call = (name: string, result: string, state: CallRecord['state'] = 'done'): CallRecord => ({
  id: `r${++number}c1`,
  name,
  arguments: {},
  state,
  result,
});

const visited = Object.entries(PAGES).map(([url, evidence]) =>
  call(
    'visit',
    visitResult({ url, goal: 'levels', evidence, summary: 'The level was extraordinarily high that day.' }),
  ),
);
const searched = call(
  'search',
  searchResults('storm', [
    { title: 'The storm of 1962', url: LISTED, snippet: 'Roofs were torn off along the whole coast that night.' },
  ]),
);
const ran = call('bash', 'mean level of the month: 1.87 m over 31 days');
const failed = call(
  'visit',
  'The page at https://shut.example/ could not be opened: its server answered 500.',
  'failed',
);

const segments: Segment[] = [
  {
    index: 0,
    system: '',
    opening: '',
    rounds: [{ number: 1, startedAt: 0, calls: [...visited, searched, ran, failed], notes: [] }],
  },
];
const sources: Source[] = Object.keys(PAGES).map((url) => ({
  url,
  ...(url === LAMP && { title: 'The lamp of Skerry island' }),
}));
const question = 'Was it really “the worst flood that anybody could remember” there?';

const check = (answer: string, more = {}) => checkClaims({ answer, question, segments, sources, ...more });

describe('what an answer cites', () => {
  const opened = (source: string): Citation => ({ source, state: 'opened' });
  const unseen = (source: string): Citation => ({ source, state: 'unseen' });

  test.each<[name: string, answer: string, citations: Citation[]]>([
    ['nothing', 'It stood at 4.25 metres.', []],
    ['a link', `It stood high ([gauge](${GAUGE})).`, [opened(GAUGE)]],
    ['a link with a title', `It stood [high](${GAUGE} "The gauge").`, [opened(GAUGE)]],
    ['the same page twice', `[a](${GAUGE}) and [b](${GAUGE}#top).`, [opened(GAUGE)]],
    [
      'another form of its address',
      'See http://www.tides.example/gauge/ for it.',
      [opened('http://www.tides.example/gauge/')],
    ],
    [
      'without what tracks readers',
      '[lamp](https://lights.example/skerry-lamp)',
      [opened('https://lights.example/skerry-lamp')],
    ],
    ['a bare address at the end of a sentence', `It stood high: ${GAUGE}.`, [opened(GAUGE)]],
    ['a bare address in brackets', `It stood high (${GAUGE}).`, [opened(GAUGE)]],
    [
      'an address without its scheme',
      'It stood high, says www.tides.example/gauge.',
      [opened('https://www.tides.example/gauge')],
    ],
    ['an address in angle brackets', `It stood high <${GAUGE}>`, [opened(GAUGE)]],
    ['an address in Chinese', `水位很高（${CHINESE}）。`, [opened(CHINESE)]],
    ['a page that was only found', `It stormed [1].\n\n[1]: ${LISTED}`, [{ source: LISTED, state: 'listed' }]],
    ['a page that could not be opened', 'See https://shut.example/page.', [unseen('https://shut.example/page')]],
    ['an invented page', '[proof](https://made-up.example/paper.pdf)', [unseen('https://made-up.example/paper.pdf')]],
    ['a link by reference', `It stood [high][g].\n\n[g]: ${GAUGE} "Gauge"`, [opened(GAUGE)]],
    ['a footnote', `It stood high.[^1]\n\n[^1]: The gauge, ${GAUGE}, read in 1962.`, [opened(GAUGE)]],
    [
      'a numbered list of sources',
      `High [1], bright [2].\n\n## Sources\n1. Gauge: ${GAUGE}\n2. [Lamp](${LAMP})`,
      [opened(GAUGE), opened(LAMP)],
    ],
    ['a list in brackets', `High [1].\n\n**References**\n\n[1] Gauge. ${GAUGE}`, [opened(GAUGE)]],
    [
      'several numbers at once',
      `High [1, 2].\n\nSources:\n- [1] ${GAUGE}\n- [2] ${LAMP}`,
      [opened(GAUGE), opened(LAMP)],
    ],
    ['numbers in Chinese brackets', `水位很高【1】。\n\n参考资料\n【1】 ${CHINESE}`, [opened(CHINESE)]],
    ['a number that leads nowhere', `High [7].`, [unseen('[7]')]],
    [
      'a paper by its title',
      'Bright [1].\n\n## References\n1. A. Keeper, "The Lamp of Skerry Island", 1971.',
      [opened('A. Keeper, "The Lamp of Skerry Island", 1971.')],
    ],
    [
      'a paper that nobody read',
      'Bright [1].\n\n## References\n1. B. Nobody, Lights of Nowhere, 1999.',
      [unseen('B. Nobody, Lights of Nowhere, 1999.')],
    ],
    ['a document by its path', 'Two boats were adrift (`notes/keeper-log.txt`).', [opened('notes/keeper-log.txt')]],
    ['a document by its name', 'Two boats were adrift, says keeper-log.txt.', [opened('notes/keeper-log.txt')]],
    ['a document in a link', '[log](./notes/keeper-log.txt)', [opened('./notes/keeper-log.txt')]],
    ['a document that is not there', 'The dues doubled (harbour dues 1962.pdf).', [unseen('harbour dues 1962.pdf')]],
    [
      'a picture, a mail, a place in the answer',
      '![map](https://a.example/map.png) [mail](mailto:a@b.example) [up](#top)',
      [],
    ],
    ['an address in code', '```sh\ncurl https://made-up.example/data\n```\nDone.', []],
    ['an index in code', '```js\nlevels[3]\n```', []],
  ])('%s', async (_, answer, citations) => {
    expect((await check(answer)).citations).toEqual(citations);
  });

  test('a file that the session made is no source', async () => {
    const artifacts = [{ name: 'out/levels.csv' }];
    expect((await check('The levels are in `levels.csv`.', { artifacts })).citations).toEqual([]);
  });
});

describe('what an answer quotes', () => {
  type Checked = [Quotation['state'], Partial<Quotation>?];

  test.each<[name: string, answer: string, ...checked: Checked[]]>([
    ['exactly', `“it stood at 4.25 metres before noon” ([gauge](${GAUGE}))`, ['found', { cites: GAUGE }]],
    ['in straight marks', `It "needs no electricity: a clockwork turns it" ${LAMP}`, ['found', { cites: LAMP }]],
    ['in German marks', `Es heißt „the highest level since records began“ (${GAUGE}).`, ['found']],
    ['in French marks', `Il dit « never seen the quay under water » (${GAUGE}).`, ['found']],
    ['in single marks', `He had ‘never seen the quay under water’ (${GAUGE}).`, ['found']],
    [
      'with other punctuation and case',
      `“It needs no electricity -- a clockwork turns it once, in thirty seconds” ${LAMP}`,
      ['found'],
    ],
    [
      'with emphasis and a link in it',
      `“The **keeper** said he had [never seen](https://x.example/) the quay under water” ${GAUGE}`,
      ['found', { cites: GAUGE }],
    ],
    ['with straight marks for curly ones', `"The lamp's first-order lens was made in Paris" ${LAMP}`, ['found']],
    ['with an ellipsis', `“The tide gauge at Skerry harbour … stood at 4.25 metres” ${GAUGE}`, ['found']],
    ['with a true ellipsis', `“The tide gauge at Skerry harbour […] it stood at 4.25 metres” ${GAUGE}`, ['found']],
    [
      'with words of its own in brackets',
      `“On 3 March 1962 [the gauge] stood at 4.25 metres before noon” ${GAUGE}`,
      ['found'],
    ],
    [
      'as a paragraph',
      `The page says:\n\n> On 3 March 1962 it stood at 4.25 metres before noon,\n> the highest level since records began.\n> — [The gauge](${GAUGE})`,
      ['found', { cites: GAUGE }],
    ],
    [
      'as a paragraph that is introduced',
      `[The gauge](${GAUGE}) says:\n\n> On 3 March 1962 it stood at 4.25 metres before noon.`,
      ['found', { cites: GAUGE }],
    ],
    [
      'with one word changed',
      `“The keeper said he had never seen the pier under water and rang the bell” ${GAUGE}`,
      ['nearly'],
    ],
    [
      'with a word left out',
      `“a clockwork turns it once in thirty seconds and the light can be seen for 21 miles” ${LAMP}`,
      ['nearly'],
    ],
    ['with another figure', `“On 3 March 1962 it stood at 5.25 metres before noon” ${GAUGE}`, ['missing']],
    ['with another year', `“The tide gauge at Skerry harbour was installed in 1913” ${GAUGE}`, ['missing']],
    [
      'what nobody said',
      `“The harbour master denied that any boat had been lost” ${GAUGE}`,
      ['missing', { cites: GAUGE }],
    ],
    [
      'what is invented, from an invented page',
      '“The quay was rebuilt in granite afterwards” https://made-up.example/',
      ['missing'],
    ],
    [
      'what another source says',
      `“a clockwork turns it once in thirty seconds” ([gauge](${GAUGE}))`,
      ['found', { cites: GAUGE, in: LAMP }],
    ],
    [
      'what a result said',
      `“Roofs were torn off along the whole coast” [1]\n\n[1]: ${LISTED}`,
      ['found', { cites: LISTED }],
    ],
    ['what a program put out', 'The output was “mean level of the month: 1.87 m”.', ['found']],
    ['a summary, which is a model’s', `“The level was extraordinarily high that day” ${GAUGE}`, ['missing']],
    ['in translation', `„Der Wärter hatte den Kai noch nie unter Wasser gesehen“ (${GAUGE})`, ['missing']],
    [
      'Chinese exactly',
      `“1962年3月3日上午水位达到4.25米，是有记录以来的最高水平” ${CHINESE}`,
      ['found', { cites: CHINESE }],
    ],
    ['Chinese in corner marks', `「灯塔看守人当天敲响了警钟」（${CHINESE}）`, ['found']],
    ['Chinese with other punctuation', `“根据气象局的记录 1962年3月3日上午水位达到4.25米” ${CHINESE}`, ['found']],
    ['Chinese with a word changed', `“灯塔看守人当晚敲响了警钟” ${CHINESE}`, ['nearly']],
    ['Chinese, invented', `“港务局长否认有任何船只失踪的报道” ${CHINESE}`, ['missing']],
    ['Chinese translated from English', `“看守人说他从未见过码头被水淹没” ${GAUGE}`, ['missing']],
    ['a document', '“Water over the quay, two boats adrift” (keeper-log.txt)', ['found', { cites: 'keeper-log.txt' }]],
    [
      'a document whose name has a blank',
      '“Each boat pays four shillings a year” ([dues](notes/harbour%20dues.md))',
      ['found', { cites: 'notes/harbour%20dues.md' }],
    ],
    ['without a source', 'It was “the highest level since records began”.', ['found']],
    [
      'two, each with its source',
      `“it stood at 4.25 metres before noon” [1] and “a clockwork turns it once” [2]\n\n[1]: ${GAUGE}\n[2]: ${LAMP}`,
      ['found', { cites: GAUGE }],
      ['found', { cites: LAMP }],
    ],
    [
      'two sentences, of which one is made up',
      `“It needs no electricity: a clockwork turns it. The keeper winds it every evening before dusk falls.” ${LAMP}`,
      ['missing'],
    ],
    ['a term', 'A “first-order lens” is “large”.'],
    ['the question', 'Was it “the worst flood that anybody could remember”? No.'],
    ['measures', 'A 5" pipe and a 6" pipe, and 3" more of it all.'],
    ['code', '```js\nconst said = "nobody has ever said this before";\n```'],
  ])('%s', async (_, answer, ...checked) => {
    const { quotations } = await check(answer);
    expect(quotations.map(({ state }) => state)).toEqual(checked.map(([state]) => state));
    for (const [i, [, more = {}]] of checked.entries()) expect(quotations[i]).toMatchObject(more);
  });

  test('what a kept page says that the session did not see', async () => {
    const keptText = async ({ url }: Source) =>
      url === GAUGE ? `${PAGES[GAUGE]} Its float was of copper and cork.` : undefined;
    const answer = `“Its float was of copper and cork” (${GAUGE})`;
    expect((await check(answer)).quotations).toMatchObject([{ state: 'missing' }]);
    expect((await check(answer, { keptText })).quotations).toEqual([
      { text: 'Its float was of copper and cork', cites: GAUGE, state: 'found' },
    ]);
  });

  test('a long one is shown by its beginning', async () => {
    const { quotations } = await check(`“${'made up words without an end '.repeat(20)}”`);
    expect(quotations[0]?.text).toHaveLength(200);
  });
});

test('hostile answers take no long time', async () => {
  const answers = [
    '“'.repeat(50_000),
    '['.repeat(50_000),
    '"a '.repeat(20_000),
    '>'.repeat(50_000),
    '[a]('.repeat(20_000),
    '`'.repeat(50_000),
    'a.'.repeat(50_000),
    '(a/'.repeat(20_000),
    '[1,'.repeat(20_000),
    '‘a '.repeat(20_000),
  ];
  for (const answer of answers) {
    const start = performance.now();
    await check(answer);
    expect([answer.slice(0, 5), performance.now() - start < 8000]).toEqual([answer.slice(0, 5), true]);
  }
});
