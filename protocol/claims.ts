/** A source that an answer cites. */
export interface Citation {
  /** As the answer names it: an address, the name of a document, or a number that leads nowhere (`[3]`). */
  source: string;
  /** `opened`: it was read; `listed`: it stood in a result and was not opened; `unseen`: nothing that was read names it. */
  state: 'opened' | 'listed' | 'unseen';
}

/** A quotation in an answer. */
export interface Quotation {
  /** Its words, at most 200 characters of them. */
  text: string;
  /** Whether what was read has it word for word, with few other words, or not. A translation is not found. */
  state: 'found' | 'nearly' | 'missing';
  /** The source that the answer gives for it. */
  cites?: string;
  /** The source in which it stands, where that is another. */
  in?: string;
}

/** What became of an answer's claims when they were compared with all that the session had read. */
export interface CheckedClaims {
  citations: Citation[];
  quotations: Quotation[];
}

const SOURCE_NOTE = { listed: 'stood in a result, but was not opened', unseen: 'stands in nothing that was read' };
const QUOTATION_NOTE = { nearly: 'nearly found', missing: 'not found in what was read' };

/** The check in words, one line each: first the counts, then each claim that somebody should look at. */
export function claimLines({ citations = [], quotations = [] }: Partial<CheckedClaims>): string[] {
  const cited = citations.length;
  const count = (state: Citation['state']) => citations.filter((one) => one.state === state).length;
  const quoted = (state: Quotation['state']) => quotations.filter((one) => one.state === state).length;
  return [
    ...(cited > 0 ? [`${count('opened')} of ${cited} cited ${cited === 1 ? 'source' : 'sources'} opened.`] : []),
    ...(quotations.length > 0
      ? [
          `${quoted('found')} of ${quotations.length} ${quotations.length === 1 ? 'quotation' : 'quotations'} found word for word, ${quoted('nearly')} nearly, ${quoted('missing')} not.`,
        ]
      : []),
    ...citations.flatMap(({ source, state }) =>
      state === 'opened' ? [] : [`${source}: ${sourceNote(source, state)}`],
    ),
    ...quotations.flatMap((quotation) => noteOf(quotation)),
  ];
}

const sourceNote = (source: string, state: keyof typeof SOURCE_NOTE): string =>
  /^\[[^\]]*\]$/.test(source) ? 'leads to no source' : SOURCE_NOTE[state];

function noteOf({ text, state, cites, in: place }: Quotation): string[] {
  const elsewhere = place ? ` in ${place}` : '';
  if (state !== 'found')
    return [`“${text}”: ${QUOTATION_NOTE[state]}${elsewhere}${cites ? `, cited from ${cites}` : ''}`];
  return place && cites ? [`“${text}”: found${elsewhere}, not in ${cites}`] : [];
}
