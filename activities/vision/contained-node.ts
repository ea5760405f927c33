import { type ContainedProgram, type ProgramLimits, runContained } from './contained-program.ts';

/**
 * Runs a program of ours for one file: the job is its argument, the file its standard input. It answers with a line of
 * JSON, followed by the bytes that this speaks of.
 */
export async function runContainedNode<A>(
  file: string,
  job: object,
  input: Uint8Array,
  limits: ProgramLimits,
  signal: AbortSignal,
): Promise<{ answer: A; bytes: Buffer }> {
  const permissions = ['--permission', '--allow-fs-read=*', '--allow-addons'];
  const args = ['--max-old-space-size=512', '--disable-warning=SecurityWarning', ...permissions, file];
  const program: ContainedProgram = { command: process.execPath, args: [...args, JSON.stringify(job)], input };
  const output = await runContained(program, limits, signal);
  const line = output.indexOf('\n');
  return { answer: JSON.parse(output.subarray(0, line).toString('utf8')) as A, bytes: output.subarray(line + 1) };
}

/** The parts of what follows an answer's line, by their lengths. */
export function partsOf(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}
