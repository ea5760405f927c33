import { hash } from 'node:crypto';

/** A number in [0, 1) that depends only on the parts: the same in every process. */
export function seededFraction(...parts: (string | number)[]): number {
  return Number.parseInt(hash('sha1', parts.join('\u0000')).slice(0, 12), 16) / 2 ** 48;
}

/** One of the choices, drawn by the parts. */
export function seededChoice<T>(choices: readonly [T, ...T[]], ...parts: (string | number)[]): T {
  return choices[Math.floor(seededFraction(...parts) * choices.length)] ?? choices[0];
}
