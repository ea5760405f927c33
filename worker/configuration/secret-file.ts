import { readFileSync } from 'node:fs';
import { ConfigurationError } from './error.ts';

/** As Docker's and Kubernetes' secrets come: a variable of this name holds the path of a file with the value. */
export const fileVariableOf = (name: string): string => `${name}_FILE`;

/** A secret from its variable, else from the file that `NAME_FILE` names. An empty one is as good as none. */
export function secretFrom(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const given = env[name]?.trim();
  if (given) return given;
  const file = env[fileVariableOf(name)]?.trim();
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError([`${fileVariableOf(name)}: the file "${file}" cannot be read (${code}).`]);
  }
}
