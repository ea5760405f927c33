import { openStand } from './page-browser-stand.ts';

/** Stands for a worker with a page open in its browser; says so, and is then killed. */
const stand = await openStand({ '/held': () => process.send?.('opening') });
await stand.open('/held');
