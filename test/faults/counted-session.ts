import { played } from '../support/sessions.ts';

/** Name of a session, of so few letters that another's can take its place in a transcript. */
export const tagOf = (kind: string, index: number): string => `${kind}${String(index).padStart(3, '0')}`;

export const ANSWER = 'All of it is done.';

/** A line of the ledger has this many bytes, so that none lies over the end of a disk's block. */
export const LINE_BYTES = 16;
const lineOf = (text: string) => text.padEnd(LINE_BYTES - 1);

export interface CountedSession {
  tag: string;
  taskQueue: string;
  input: ReturnType<typeof played>;
  /** Lines that its commands leave, in order. */
  effects: string[];
  queries: string[];
}

interface Step {
  name: string;
  arguments: Record<string, unknown>;
}

/** How a command leaves a line. */
type Make = (line: string, round: number) => Step;

/** Leaves a line in the ledger and one in the workspace, whose count shows that the workspace is what it was. */
const bashWith =
  (ledger: string): Make =>
  (line) => {
    const command = [
      `echo '${line}' >> ${ledger}`,
      'sleep 0.1',
      // The workspace's disk may be full for a while.
      `until echo '${line}' >> log.txt; do sleep 0.2; done 2>/dev/null`,
      'wc -l < log.txt',
    ];
    return { name: 'bash', arguments: { command: command.join('\n') } };
  };

const pythonWith =
  (ledger: string): Make =>
  (line, round) => {
    const code = `with open('${ledger}', 'a') as ledger:\n    ledger.write('${line}\\n')\nprint(sum(range(${round})))`;
    return { name: 'PythonInterpreter', arguments: { code } };
  };

/** In a container, which has nothing but the workspace: the ledger is a file in it that the session gives back. */
const containedBash: Make = (line) => ({
  name: 'bash',
  arguments: { command: `echo '${line}' >> ${CONTAINED_LEDGER}; sleep 0.2; echo ${line}` },
});

export const CONTAINED_LEDGER = 'ledger.txt';

interface Played {
  tag: string;
  rounds: number;
  taskQueue: string;
}

/** A session whose commands are processes of the machine. */
export const plainSession = (session: Played, ledger: string): CountedSession =>
  countedSession(session, bashWith(ledger), pythonWith(ledger));

/** A session whose commands run in its container. */
export const containedSession = (session: Played): CountedSession =>
  countedSession(session, containedBash, containedBash);

/** Rounds of commands that leave lines, and of look-ups at a server that counts. */
function countedSession({ tag, rounds, taskQueue }: Played, bash: Make, other: Make): CountedSession {
  const effects: string[] = [];
  const queries: string[] = [];
  const command = (make: Make, round: number, call: number) => {
    const effect = `${tag} r${round}c${call}`;
    effects.push(effect);
    return make(lineOf(effect), round);
  };
  const search = (round: number): Step => {
    const query = `${tag} fact ${round}`;
    queries.push(query);
    return { name: 'search', arguments: { query: [query] } };
  };
  const script = Array.from({ length: rounds }, (_, index): Step[] => {
    const round = index + 1;
    switch (round % 4) {
      case 1:
        return [command(bash, round, 1)];
      case 2:
        return [search(round)];
      case 3:
        return [search(round), command(other, round, 2)];
      default:
        return [search(round)];
    }
  });
  const input = played(
    { script, answer: ANSWER, replyDelayMs: 150 },
    { tools: ['bash', 'PythonInterpreter', 'search'], maxRounds: rounds + 5 },
  );
  return { tag, taskQueue, input, effects, queries };
}
