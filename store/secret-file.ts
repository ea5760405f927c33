import { readFileSync } from 'node:fs';

/** As Docker's and Kubernetes' secrets come: a variable of this name holds the path of a file with the value. */
export const fileVariableOf = (name: string): string => `${name}_FILE`;

/**
 * A secret from its variable, else from the file that `NAME_FILE` names. An empty one is as good as none.
 *
 * @throws Error that names the variable, if the file cannot be read
 */
export function secretFrom(env: Record<string, string | undefined>, name: string): string | undefined {
  const given = env[name]?.trim();
  if (given) return given;
  const file = env[fileVariableOf(name)]?.trim();
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${fileVariableOf(name)}: the file "${file}" cannot be read (${code}).`);
  }
}
