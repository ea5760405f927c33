/** Times a reply in ms from now: `tick` at each token, `times` at the end. */
export function startClock() {
  const startedAt = performance.now();
  const since = () => Math.round(performance.now() - startedAt);
  let firstTokenMs: number | undefined;
  return {
    tick() {
      firstTokenMs ??= since();
    },
    times: () => ({ firstTokenMs: firstTokenMs ?? 0, elapsedMs: since() }),
  };
}
