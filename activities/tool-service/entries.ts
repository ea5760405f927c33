import { z } from 'zod';
import { TOOL_NAMES, type ToolName } from '../../protocol/tool-call.ts';
import { ToolError } from '../tools/tool.ts';

/** A tool as the tool service `toolkits-api` has it. */
export interface Entry {
  /** Last part of the address. */
  path: string;
  /** `request_id` of its calls. */
  requestId: string;
  /** The fields of `params` in their order, read from what the model wrote and sent as it wrote them. */
  params: z.ZodType<Record<string, unknown>>;
  /** Of these, the one that names files of the session. */
  files?: string;
  /** Whether `is_tongyi_format` is among its parameters. */
  takesFormat?: true;
  seconds: number;
}

const texts = (name: string) =>
  z.union([z.string(), z.array(z.string())], { error: `expected "${name}" as a text or a list of texts` });
const text = (name: string) => z.string({ error: `expected "${name}" as a text` });

/** The original strips what its models write around code. */
const code = (name: string) =>
  text(name)
    .transform((written) => written.trim())
    .refine((written) => written !== '', `"${name}" is empty`);

const search = (path: string, requestId: string): Entry => ({
  path,
  requestId,
  params: z.object({ query: texts('query') }),
  takesFormat: true,
  seconds: 600,
});

export const ENTRIES: Record<ToolName, Entry> = {
  search: search('wide_search', 'search'),
  google_scholar: search('scholar_search', 'google_scholar'),
  image_search: search('image_search', 'image_search'),
  visit: {
    path: 'wide_visit',
    requestId: 'visit',
    params: z.object({ url: texts('url'), goal: text('goal') }),
    takesFormat: true,
    seconds: 600,
  },
  parse_file: {
    path: 'file_wide_parse',
    requestId: 'parse_file',
    params: z.object({ files: texts('files') }),
    files: 'files',
    takesFormat: true,
    seconds: 600,
  },
  PythonInterpreter: {
    path: 'execute_code',
    requestId: 'execute_code',
    params: z.object({ code: code('code') }),
    seconds: 900,
  },
  bash: { path: 'bash', requestId: 'bash', params: z.object({ command: code('command') }), seconds: 900 },
  ask_question_about_image: {
    path: 'ask_question_about_image',
    requestId: 'ask_question_about_image',
    params: z.object({ image_path: texts('image_path'), question: text('question') }),
    files: 'image_path',
    seconds: 600,
  },
  ask_question_about_video: {
    path: 'ask_question_about_video',
    requestId: 'ask_question_about_video',
    params: z.object({ video_path: texts('video_path'), question: text('question') }),
    files: 'video_path',
    seconds: 600,
  },
};

/** The tool that an address of the tool service means. */
export const toolAt = (path: string): ToolName | undefined => TOOL_NAMES.find((name) => ENTRIES[name].path === path);

/**
 * The same parameters with files of the session as the tool service finds them, below `folder`. Addresses stay.
 * @throws ToolError for a path that leaves the folder
 */
export function withFiles(params: Record<string, unknown>, { files }: Entry, folder: string): Record<string, unknown> {
  if (files === undefined) return params;
  const place = (path: string) => placeOf(path, folder);
  const given = params[files];
  return { ...params, [files]: Array.isArray(given) ? given.map(place) : place(String(given)) };
}

function placeOf(path: string, folder: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith(`${folder}/`)) return path;
  if (path.startsWith('/') || path.split(/[/\\]/).includes('..')) {
    throw new ToolError(`The path ${JSON.stringify(path)} is not one relative to the working directory.`);
  }
  return `${folder}/${path}`;
}
