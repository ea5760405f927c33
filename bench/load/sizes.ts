/** The tool that sessions call: it does nothing, so that what is measured is the session. */
export const TOOL = 'lamps';

/** Characters, as in `bench -- history`. */
export const SIZES = { reply: 1000, result: 2800 };
