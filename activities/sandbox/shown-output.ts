import { mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import type { CallFolder, CallRequest } from './call-record.ts';
import { excerpt } from './excerpt.ts';
import type { CommandOutcome } from './sandbox.ts';

/** Folder of the workspace with outputs that were too long to show; none of its files is an artifact. */
export const OUTPUT_FOLDER = '.calls';

export const STREAMS = ['stdout', 'stderr'] as const;

/**
 * What the model sees of the output files. Where that is not all, the file goes to `.calls/<call id>/` in the
 * workspace; else it is removed. Paths of the machine are shown relative to the workspace.
 */
export async function shownOutput(
  files: CallFolder,
  request: CallRequest,
): Promise<Pick<CommandOutcome, 'stdout' | 'stderr' | 'truncated' | 'outputFile'>> {
  const share = shares(request.limits.shownCharacters, sizeOf(files.stdout), sizeOf(files.stderr));
  const outputFile: CommandOutcome['outputFile'] = {};
  const shown = { stdout: '', stderr: '' };
  let truncated = false;
  for (const stream of STREAMS) {
    const { text, cut } = await excerpt(files[stream], share[stream], async () => {
      const kept = await keepInWorkspace(files[stream], request, stream);
      if (!kept) return 'they could not be saved';
      outputFile[stream] = kept;
      return `the output is in ${kept}`;
    });
    shown[stream] = relativePaths(text, files, request.workspace);
    truncated ||= cut;
    rmSync(files[stream], { force: true });
  }
  return { ...shown, truncated, ...(Object.keys(outputFile).length > 0 && { outputFile }) };
}

/** Each gets what the other leaves, and at least its part. Bytes stand for characters: there are never fewer. */
export function shares(total: number, stdout: number, stderr: number): { stdout: number; stderr: number } {
  const part = Math.round(total * 0.6);
  return { stdout: Math.max(part, total - stderr), stderr: Math.max(total - part, total - stdout) };
}

async function keepInWorkspace(file: string, request: CallRequest, stream: string): Promise<string | undefined> {
  const name = `${OUTPUT_FOLDER}/${request.callId}/${stream}.txt`;
  try {
    const target = await resolveInWorkspace(request.workspace, name);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(file, target);
    return name;
  } catch {
    // A file in the way, another file system: the excerpt is still the command's result.
    return undefined;
  }
}

function relativePaths(text: string, files: CallFolder, workspace: string): string {
  const scripts = dirname(files.script);
  let shown = text;
  for (const folder of new Set([realpathSync(scripts), scripts])) shown = shown.replaceAll(`${folder}/`, '');
  for (const folder of new Set([realpathSync(workspace), workspace])) {
    // Not inside a longer name.
    shown = shown.replace(new RegExp(`${literal(folder)}(?![\\w.-])`, 'g'), '.');
  }
  return shown;
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&');

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
