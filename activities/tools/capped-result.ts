import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OUTPUT_FOLDER } from '../sandbox/shown-output.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import type { ToolContext } from './tool.ts';

/**
 * A result that is no longer than the model's context can bear: of a longer one the beginning and the end, with the
 * whole in a file of the workspace, as commands have it.
 */
export async function cappedResult(text: string, characters: number, context: ToolContext): Promise<string> {
  if (text.length <= characters) return text;
  const head = text.slice(0, Math.ceil(characters / 2)).replace(/[\ud800-\udbff]$/, '');
  const tail = text.slice(text.length - Math.floor(characters / 2)).replace(/^[\udc00-\udfff]/, '');
  const left = text.length - head.length - tail.length;
  const kept = await keepOutput(text, 'result.txt', context);
  const where = kept ? `; the whole is in ${kept}` : '';
  return `${head}\n[… ${left.toLocaleString('en-US')} characters left out${where} …]\n${tail}`;
}

/** Puts a file beside a call's long results. Gives its path in the workspace; undefined where it cannot be written. */
export async function keepOutput(
  content: string | Buffer,
  file: string,
  { workspace, callId }: Pick<ToolContext, 'workspace' | 'callId'>,
): Promise<string | undefined> {
  const name = `${OUTPUT_FOLDER}/${callId}/${file}`;
  try {
    const place = await resolveInWorkspace(workspace, name);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    return name;
  } catch {
    return undefined;
  }
}
