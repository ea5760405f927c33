import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { addUsage, type Usage } from '../../protocol/reply.ts';
import type { Source, ToolCallOutput } from '../../protocol/tool-call.ts';
import { closestPaths } from '../corpus/closest.ts';
import { walk } from '../corpus/walk.ts';
import { readDocument } from '../documents/read-document.ts';
import { readInside } from '../documents/read-inside.ts';
import { FetchError } from '../web/fetch-error.ts';
import type { DocumentReader } from '../web/read-page.ts';
import type { OpenPage } from '../web/web-pages.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import { type FileRequest, fileRequest } from './file-request.ts';
import { fetchedRecording, type RecordingOptions, workspaceRecording } from './recordings.ts';
import { joinBlocks } from './results/blocks.ts';
import { fileResult, sizeInWords } from './results/file-results.ts';
import { type SeenDocument, type SeenOptions, seenFile, seenPage } from './seen-file.ts';
import { stringList } from './string-list.ts';
import { type Tool, type ToolContext, ToolError, TryLater } from './tool.ts';

/** Files looked at for a suggestion, and files named in one. */
const LOOKED_AT = 5000;
const SUGGESTED = 8;

export interface ParseFileOptions extends RecordingOptions, SeenOptions {
  /** Default: in this process. */
  read?: DocumentReader;
  /** Opens web addresses. Without it they are refused with a sentence. */
  openPage?: OpenPage;
}

/**
 * `parse_file`: the text of files in the workspace, and of web addresses where those may be opened. A long file comes
 * in parts: `report.txt#part=2` is the second one. `#page=3` is the part with the third page of a PDF or the third
 * slide, `#sheet=Sales` that with a sheet of a workbook, and elsewhere `#page=3` is the same as `#part=3`.
 * `all.zip#member=a.txt` is a file in an archive. Of recordings it is what is said in them; images and scanned pages are
 * what a model reads in them.
 */
export function makeParseFileTool(options: ParseFileOptions = {}): Tool<{ files: string[] }> {
  return {
    name: 'parse_file',
    arguments: z.object(
      { files: stringList('files', 'a path relative to the working directory') },
      { error: 'Expected an object with "files".' },
    ),

    async run({ files }, context) {
      const blocks: string[] = [];
      const sources: Source[] = [];
      let later: TryLater | undefined;
      const usages: Usage[] = [];
      // One after another: each may take a good part of the memory.
      for (const file of files) {
        try {
          const { text, source, usage } = await parse(fileRequest(file), context, options);
          blocks.push(text);
          sources.push(source);
          if (usage) usages.push(usage);
        } catch (error) {
          if (error instanceof TryLater) later ??= error;
          else if (!(error instanceof ToolError)) throw error;
          blocks.push(error instanceof TryLater ? error.output.text : error.message);
        }
      }
      if (later) throw new TryLater(later.message, outputOf(blocks, sources, usages), later.afterMs);
      if (sources.length === 0) throw new ToolError(joinBlocks(blocks));
      return outputOf(blocks, sources, usages);
    },
  };
}

const outputOf = (blocks: string[], sources: Source[], usages: Usage[]): ToolCallOutput => ({
  text: joinBlocks(blocks),
  ...(usages.length > 0 && { usage: usages.reduce(addUsage) }),
  ...(sources.length > 0 ? { sources } : { failed: true }),
});

async function parse(
  request: FileRequest,
  context: ToolContext,
  options: ParseFileOptions,
): Promise<{ text: string; source: Source; usage?: Usage }> {
  const { shown, wanted } = request;
  const document = await (isAddress(request.path) ? fetched : readFile)(request, context, options);
  const text = fileResult(shown, document, wanted);
  if (text === undefined) {
    throw new ToolError(`${shown} has no ${wanted.unit} ${wanted.number}; it has ${sizeInWords(document)}.`);
  }
  const source = { url: shown, ...(document.title && { title: document.title }) };
  return { text, source, ...(document.usage && { usage: document.usage }) };
}

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(path);

async function fetched(request: FileRequest, context: ToolContext, options: ParseFileOptions): Promise<SeenDocument> {
  const { path: url, members } = request;
  const { openPage } = options;
  if (!openPage)
    throw new ToolError(`${url} cannot be read: this worker opens no addresses, only files of the working directory.`);
  try {
    return await seenPage(
      request,
      context,
      options,
      async () => (await openPage(url, context.signal, members)).document,
    );
  } catch (error) {
    const isOther = error instanceof FetchError && error.kind === 'type';
    const recording = isOther ? await fetchedRecording(url, context, options) : undefined;
    if (!recording) throw error;
    return recording;
  }
}

async function readFile(request: FileRequest, context: ToolContext, options: ParseFileOptions): Promise<SeenDocument> {
  const { path, members } = request;
  const { workspace, signal } = context;
  const { read = readDocument } = options;
  const place = await resolveInWorkspace(workspace, path);
  const stats = await stat(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ToolError(`${JSON.stringify(path)} cannot be read (${error.code}).`);
  });
  if (!stats) {
    const like = closestPaths(path, await filesBelow(workspace), SUGGESTED);
    throw new ToolError(`There is no file ${JSON.stringify(path)} in the working directory.${list('Like it', like)}`);
  }
  if (stats.isDirectory()) {
    const files = (await filesBelow(place)).slice(0, SUGGESTED);
    throw new ToolError(`${JSON.stringify(path)} is a folder; name a file.${list('Files in it', files)}`);
  }
  const recording = await workspaceRecording(path, context, options);
  if (recording) return recording;
  const { bytes } = await readInside(workspace, place, path);
  return seenFile(bytes, request, context, options, () => read(bytes, { name: basename(path), members, signal }));
}

async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of walk(folder)) {
    paths.push(path);
    if (paths.length >= LOOKED_AT) break;
  }
  return paths;
}

const list = (heading: string, paths: string[]): string =>
  paths.length > 0 ? ` ${heading}: ${paths.join(', ')}.` : '';
