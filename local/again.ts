/** The command that goes on with the session of this one, ready to be pasted into a shell. */
export function commandAgain(args: string[], env: NodeJS.ProcessEnv): string {
  const state = env.DEEP_RESEARCH_STATE_DIR ? `DEEP_RESEARCH_STATE_DIR=${quoted(env.DEEP_RESEARCH_STATE_DIR)} ` : '';
  return `${state}npm start -- ${args
    .filter((arg) => arg !== '--new')
    .map(quoted)
    .join(' ')}`;
}

/** A word as POSIX shells read it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** How to call the client's command line for the server at `address`. */
export const clientCommand = (address: string, env: NodeJS.ProcessEnv): string =>
  env.TEMPORAL_ADDRESS || /^(127\.0\.0\.1|localhost):7233$/.test(address)
    ? 'npx deep-research'
    : `TEMPORAL_ADDRESS=${address} npx deep-research`;
