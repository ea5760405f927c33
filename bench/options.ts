import { InvalidArgumentError } from 'commander';

/** A whole number above 0, as an option's value. @throws InvalidArgumentError */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number above 0.');
  return value;
}

/** Several, separated by commas. @throws InvalidArgumentError */
export const wholeNumbers = (text: string): number[] => text.split(',').map(whole);
