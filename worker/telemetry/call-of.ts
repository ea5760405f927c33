/** Round and call of an activity, by its input. */
export function callOf(input: unknown): { round?: number; call?: string } {
  const { round, callId } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  if (typeof callId === 'string') {
    const [, number] = /^r(\d+)c\d+$/.exec(callId) ?? [];
    return { ...(number ? { round: Number(number) } : {}), call: callId };
  }
  return typeof round === 'number' ? { round } : {};
}
