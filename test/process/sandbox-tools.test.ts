import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { makeBashTool } from '../../activities/tools/bash.ts';
import { makePythonTool } from '../../activities/tools/python-interpreter.ts';
import { setUp } from './sandbox-setup.ts';

let place: Awaited<ReturnType<typeof setUp>>;
let calls = 0;
beforeEach(async () => {
  place = await setUp();
});
afterEach(() => place.tearDown());

const context = () => ({
  callId: `r${++calls}c1`,
  recorded: unrecorded,
  workspace: place.workspace,
  signal: new AbortController().signal,
});
const bash = (command: string) => makeBashTool(place.sandbox).run({ command }, context());
const python = (code: string) => makePythonTool(place.sandbox).run({ code }, context());

it('finds the interpreters of this machine', async () => {
  expect([await place.sandbox.supports('bash'), await place.sandbox.supports('python')]).toEqual([true, true]);
});

describe('bash', () => {
  it.each([
    ['stdout', 'echo hello', 'hello'],
    ['nothing', 'true', '(no output)'],
    ['stderr after stdout', 'echo bad >&2; echo good', 'good\n[stderr]\nbad'],
    ['the exit code', 'echo x; exit 3', 'x\n[Exit code: 3]'],
    ['a signal', 'kill -9 $$', '(no output)\n[Ended by signal SIGKILL]'],
    [
      'the working directory without the machine',
      'pwd; ls -d "$PWD"/*x* 2>/dev/null; echo "$HOME/a.txt"',
      '.\n./a.txt',
    ],
    ['several lines and quotes', `cat <<'END'\n"a" $b\n'c'\nEND`, `"a" $b\n'c'`],
    ['Windows line ends', 'echo a\r\necho b\r\n', 'a\nb'],
    ['nothing to read', 'cat; echo read', 'read'],
    ['bytes that are no text', `printf 'a\\377b'`, 'a\uFFFDb'],
  ])('gives %s', async (_, command, expected) => {
    expect(await bash(command)).toEqual({ text: expected });
  });

  it('keeps files from call to call, and nothing else', async () => {
    await bash('echo kept >file; export VARIABLE=lost; cd /');
    expect(await bash('cat file; echo "[$VARIABLE]"')).toEqual({ text: 'kept\n[]' });
  });

  it('does not see the variables of the worker', async () => {
    process.env.PLANTED_SECRET = 'planted-secret-value';
    try {
      const { text } = await bash('env; tr "\\0" "\\n" </proc/$PPID/environ');
      expect(text).toContain('SANDBOX_CALL=');
      expect(text).toMatch(/^PATH=/m);
      expect(text).not.toMatch(/planted/i);
    } finally {
      delete process.env.PLANTED_SECRET;
    }
  });

  it('shows the beginning and end of a long output and where the rest is', async () => {
    const { text } = await bash('seq 1 100000');
    expect(text).toMatch(/^1\n2\n/);
    expect(text).toMatch(/\n99999\n100000$/);
    const file = /the output is in (\S+) …/.exec(text)![1];
    expect(await bash(`wc -l <${file}`)).toEqual({ text: '100000' });
  });

  it('says that a time-out was one', async () => {
    const tool = makeBashTool(place.sandbox, { limits: { wallSeconds: 1 } });
    const result = await tool.run({ command: 'echo before; sleep 300' }, context());
    expect(result.failed).toBe(true);
    expect(result.text).toMatch(/^before\n\[Timed out: the command was stopped after 1 seconds\./);
  });

  it('says that an interrupted command was not repeated', async () => {
    const result = await bash(
      'echo part; until [ -s "$TMPDIR"/../r*/stdout ]; do sleep 0.05; done; kill -9 $PPID; sleep 300',
    );
    expect(result.failed).toBe(true);
    expect(result.text).toMatch(/^part\n\[The command was interrupted .* was not repeated/);
  });
});

describe('Python', () => {
  it.each([
    ['what is printed', 'print(6 * 7)\n6 * 7', '42'],
    ['nothing for a value', '6 * 7', '(no output)'],
    ['Chinese', 'print("研究")', '研究'],
    ['the exit code', 'import sys\nsys.exit(4)', '(no output)\n[Exit code: 4]'],
    ['its own name', 'print(__name__)', '__main__'],
    ['output that was not flushed', 'import os\nprint("a", end="")\nos._exit(0)', 'a'],
  ])('gives %s', async (_, code, expected) => {
    expect(await python(code)).toEqual({ text: expected });
  });

  it('imports modules and reads files of the workspace', async () => {
    await python('open("own_module.py", "w").write("def answer(): return 42")\nopen("data.csv", "w").write("a,b")');
    expect(await python('import own_module\nprint(own_module.answer(), open("data.csv").read())')).toEqual({
      text: '42 a,b',
    });
    expect(await bash('ls -A')).toEqual({ text: 'data.csv\nown_module.py' });
  });

  it('shows a traceback with the lines of the code and no path of the machine', async () => {
    const { text } = await python('print("start")\n\ndef divide(a):\n    return a / 0\n\ndivide(1)\n');
    expect(text).toMatch(/^start\n\[stderr\]\nTraceback/);
    expect(text).toMatch(/File "r\d+c1\.py", line 6, in <module>\n {4}divide\(1\)/);
    expect(text).toMatch(/File "r\d+c1\.py", line 4, in divide\n {4}return a \/ 0/);
    expect(text).toMatch(/ZeroDivisionError: division by zero\n\[Exit code: 1\]$/);
    expect(text).not.toContain(place.stateDir);
  });

  it('shows where the syntax is wrong', async () => {
    const { text } = await python('a = 1\nb = (');
    expect(text).toMatch(/File "r\d+c1\.py", line 2/);
    expect(text).toContain('SyntaxError');
  });

  it('can use several processes', async () => {
    const code = `from multiprocessing import get_context
def double(n): return 2 * n
if __name__ == "__main__":
    with get_context("spawn").Pool(2) as pool: print(pool.map(double, [1, 2, 3]))`;
    expect(await python(code)).toEqual({ text: '[2, 4, 6]' });
  });
});

it.each([
  ['bash', () => makeBashTool(place.sandbox).arguments.safeParse({ command: ' \n' })],
  ['Python', () => makePythonTool(place.sandbox).arguments.safeParse({ code: '' })],
])('%s refuses an empty script with a sentence', (_, parse) => {
  expect(parse().error?.issues[0]?.message).toMatch(/is empty\.$/);
});
