import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchLoad, fillLanes, plainSessions, startBatch, startStand } from './sessions.ts';

/** Sessions that ended in the same time. */
export interface SideBySide {
  batch: number;
  plain: number;
  seconds: number;
  server: string;
}

/**
 * A batch and a client with as many places side by side, on the same worker: what else the machine does, both feel. Until
 * nine tenths of the batch's sessions have ended, for in the last it has empty places.
 */
export async function runSideBySide(load: BatchLoad, say: (line: string) => void): Promise<SideBySide> {
  const stand = await startStand(load, say);
  try {
    await plainSessions(stand, load.window, load.window, 'warm');
    const { client } = stand;
    const startedAt = performance.now();
    const handle = await startBatch(stand, load, 'bench-batch');
    let plain = 0;
    let over = false;
    const lanes = fillLanes(
      stand,
      load.window,
      'plain',
      () => !over,
      () => {
        plain += 1;
      },
    );
    const query = `ResearchBatch = 'bench-batch' AND ExecutionStatus = 'Completed'`;
    for (let shown = 0; ; ) {
      await sleep(500);
      const { count: batch } = await client.workflow.count(query);
      const seconds = (performance.now() - startedAt) / 1000;
      if (batch >= shown + load.window) {
        say(`${seconds.toFixed(0)} s: ${batch} in the batch, ${plain} without one`);
        shown = batch;
      }
      if (batch < load.rows * load.rollouts * 0.9) continue;
      over = true;
      const figures = { batch, plain, seconds, server: stand.server };
      await Promise.all([lanes, handle.result()]);
      return figures;
    }
  } finally {
    await stand.stop();
  }
}
