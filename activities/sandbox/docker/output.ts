import type { CallRequest } from '../call-record.ts';
import { excerptOf } from '../excerpt.ts';
import type { CommandOutcome } from '../sandbox.ts';
import { OUTPUT_FOLDER, STREAMS, shares } from '../shown-output.ts';
import type { Box } from './box.ts';
import type { CallPaths } from './folders.ts';
import { INSIDE } from './settings.ts';

type Shown = Pick<CommandOutcome, 'stdout' | 'stderr' | 'truncated' | 'outputFile'>;

/** What the model sees of the outputs in a box. `kept` are those that the runner has put into the workspace. */
export async function outputOf(box: Box, paths: CallPaths, request: CallRequest, kept: string[]): Promise<Shown> {
  const [stdout, stderr] = await Promise.all(STREAMS.map((stream) => box.open(stream)));
  const files = { stdout, stderr };
  const size = async (file: typeof stdout) => (file ? (await file.stat()).size : 0);
  const share = shares(request.limits.shownCharacters, await size(stdout), await size(stderr));
  const shown: Shown = { stdout: '', stderr: '', truncated: false };
  for (const stream of STREAMS) {
    const file = files[stream];
    if (!file) continue;
    const place = `${OUTPUT_FOLDER}/${request.callId}/${stream}.txt`;
    const { text, cut } = await excerptOf(file, share[stream], async () => {
      if (!kept.includes(stream)) return 'they could not be saved';
      shown.outputFile = { ...shown.outputFile, [stream]: place };
      return `the output is in ${place}`;
    });
    shown[stream] = fromWorkspace(text, paths);
    shown.truncated ||= cut;
    await file.close();
  }
  return shown;
}

/** Paths of the container as they are seen from the working directory. */
const fromWorkspace = (text: string, { inside }: CallPaths): string =>
  text.replaceAll(`${inside.scripts}/`, '').replace(WORKSPACE, '.');

const WORKSPACE = new RegExp(`(?<![\\w./-])${INSIDE.workspace}(?![\\w.-])`, 'g');
