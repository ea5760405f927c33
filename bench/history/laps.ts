/**
 * Lets workflows run in turns: each stops after so many rounds, in the last activity of a round, until its next lap. So
 * two of them share the same minutes of a machine, and neither runs while the other is measured.
 */
export interface Laps {
  /** Called by the last activity of each round; waits at the end of a lap. */
  roundEnds(workflowId: string, round: number): Promise<void>;
  /** Resolves when the workflow stands at the end of a lap. */
  stands(workflowId: string): Promise<void>;
  /** Lets it run its next lap. */
  release(workflowId: string): void;
}

interface Post {
  standing: PromiseWithResolvers<void>;
  released: PromiseWithResolvers<void>;
}

export function makeLaps(lapRounds: number): Laps {
  const posts = new Map<string, Post>();
  const post = (workflowId: string): Post => {
    const known = posts.get(workflowId);
    if (known) return known;
    const fresh = { standing: Promise.withResolvers<void>(), released: Promise.withResolvers<void>() };
    posts.set(workflowId, fresh);
    return fresh;
  };
  return {
    async roundEnds(workflowId, round) {
      if (round % lapRounds !== 0) return;
      const here = post(workflowId);
      here.standing.resolve();
      await here.released.promise;
    },
    stands: (workflowId) => post(workflowId).standing.promise,
    release(workflowId) {
      const here = post(workflowId);
      posts.delete(workflowId);
      here.released.resolve();
    },
  };
}
