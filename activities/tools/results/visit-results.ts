/** What a visit brought, as the model sees it. */
export interface VisitedPage {
  url: string;
  goal: string;
  /** Word for word from the page. */
  evidence: string;
  summary: string;
}

/** One page's result, in the format that S1 models were trained on. The labels end in a space, as they did there. */
export function visitResult({ url, goal, evidence, summary }: VisitedPage): string {
  return [
    `The useful information in ${url} for user goal ${goal} as follows: `,
    `Evidence in page: \n${evidence}`,
    `Summary: \n${summary}`,
  ].join('\n\n');
}
