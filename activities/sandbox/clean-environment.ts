import { CALL_VARIABLE } from './process-family.ts';

/**
 * The whole environment of a command: nothing of the worker's but the search path, for its variables hold keys.
 * `HOME` is the workspace, so that what tools put there (`pip install --user`) lasts as long as the session.
 */
export function cleanEnvironment(options: {
  workspace: string;
  temporary: string;
  token: string;
}): Record<string, string> {
  return {
    PATH: searchPath(),
    HOME: options.workspace,
    PWD: options.workspace,
    TMPDIR: options.temporary,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    SHELL: '/bin/bash',
    TERM: 'dumb',
    // Scripts lie outside the workspace, yet code imports the session's own modules.
    PYTHONPATH: options.workspace,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONIOENCODING: 'utf-8:backslashreplace',
    // Plots go to files; there is no screen.
    MPLBACKEND: 'Agg',
    [CALL_VARIABLE]: options.token,
  };
}

/** What Node needs to start the runner. Its environment can be read by the command as well. */
export function runnerEnvironment(): Record<string, string> {
  return { PATH: searchPath(), LANG: 'C.UTF-8' };
}

function searchPath(): string {
  // npm puts the project's own programs first; the model's commands mean the system's.
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !folder.endsWith('node_modules/.bin'));
  return folders.join(':') || '/usr/local/bin:/usr/bin:/bin';
}
