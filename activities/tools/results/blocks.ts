/** Results of several queries, pages or files of one call are told apart by this line. */
const SEPARATOR = '\n\n-------\n\n';

export const joinBlocks = (blocks: string[]): string => blocks.join(SEPARATOR);
