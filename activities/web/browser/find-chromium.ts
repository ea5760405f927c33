import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome-headless-shell'];

/**
 * The program of a Chromium: the one that is named, or with `auto` the first on the search path.
 *
 * @throws Error with a sentence where there is none
 */
export function findChromium(given: string, searchPath: string = process.env.PATH ?? ''): string {
  if (given !== 'auto') {
    if (isProgram(given)) return given;
    throw new Error(`"${given}" is not a program; expected the path of a Chromium, or auto.`);
  }
  const folders = searchPath.split(delimiter).filter(Boolean);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
  if (found) return found;
  throw new Error(`none of ${NAMES.join(', ')} is on the PATH; install Chromium or give its path.`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
