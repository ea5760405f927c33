import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Recorded } from '../../activities/lookup/recorded.ts';
import { ENTRIES, type Entry } from '../../activities/tool-service/entries.ts';
import type { ServedTool } from '../../activities/tools/served-tool.ts';
import { type ToolContext, ToolError, TryLater } from '../../activities/tools/tool.ts';
import type { ToolCallOutput, ToolName } from '../../protocol/tool-call.ts';
import { type ConversationFolders, conversationPath, relativeTo, workspaceOf } from './conversation.ts';

/** A body as the original's clients send it. */
const requestBody = z.object({
  request_id: z.unknown().optional(),
  use_cache: z.boolean().nullish(),
  params: z.record(z.string(), z.unknown()),
  conversation_id: z.unknown().optional(),
});

export interface CallOptions extends ConversationFolders {
  /** Folder of documents that `search` and `visit` read. */
  corpus?: string;
}

/** What is wrong with a request; the status is 4xx. */
export class BadRequest extends Error {}

export interface Call {
  /** Folder of the conversation. */
  conversation: string;
  useCache: boolean;
  params: Record<string, unknown>;
  /** Failures are `{"error": …}` where it is false. */
  plainText: boolean;
}

/** Reads a request's body. @throws BadRequest with one sentence */
export function readCall(text: string): Call {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BadRequest('The body is not JSON.');
  }
  const parsed = requestBody.safeParse(json);
  if (!parsed.success) {
    const [field = 'body'] = parsed.error.issues[0]?.path ?? [];
    throw new BadRequest(
      `${String(field)}: expected {"request_id", "use_cache": true or false, "params": {…}, "conversation_id"}.`,
    );
  }
  const { use_cache, params, conversation_id } = parsed.data;
  const { is_tongyi_format: plainText, ...rest } = params;
  try {
    const conversation = conversationPath(conversation_id);
    return { conversation, useCache: use_cache !== false, params: rest, plainText: plainText !== false };
  } catch (error) {
    throw new BadRequest(`${(error as Error).message}.`);
  }
}

/** Runs a call; what it gives is the answer's `result`. */
export async function runCall(
  tool: ServedTool,
  call: Call,
  signal: AbortSignal,
  options: CallOptions,
): Promise<unknown> {
  const entry = (ENTRIES as Partial<Record<string, Entry>>)[tool.name as ToolName];
  const { corpus } = options;
  try {
    const workspace = await workspaceOf(call.conversation, options);
    const { text } = await tries(tool, withOwnFiles(call, entry, options), {
      callId: `t${randomUUID()}`,
      recorded: remembered(),
      signal,
      workspace,
      ...(corpus === undefined ? {} : { corpus }),
    });
    return text;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return call.plainText ? error.message : { error: error.message };
  }
}

/** A fault that comes back this often is the tool's and not the moment's. In ms. */
const WAITS = [500, 1_000, 2_000];

async function tries(tool: ServedTool, params: Record<string, unknown>, context: ToolContext): Promise<ToolCallOutput> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await tool.call(params, context);
    } catch (error) {
      if (error instanceof ToolError || context.signal.aborted) throw error;
      const wait = WAITS[attempt];
      const later = error instanceof TryLater ? error : undefined;
      if (wait === undefined && later?.output.failed) throw new ToolError(later.output.text);
      if (wait === undefined && later) return later.output;
      if (wait === undefined) throw error;
      await sleep(later?.afterMs ?? wait, undefined, { signal: context.signal });
    }
  }
}

/** What a call has looked up, for its own repetitions. */
function remembered(): Recorded {
  const known = new Map<string, unknown>();
  return async <T>(what: string, look: () => Promise<T>) => {
    if (!known.has(what)) known.set(what, await look());
    return known.get(what) as T;
  };
}

/** The harness names files by the path at which a service in a container has them. */
function withOwnFiles({ params, conversation }: Call, entry: Entry | undefined, options: CallOptions) {
  const field = entry?.files;
  if (field === undefined || params[field] === undefined) return params;
  const own = (path: unknown) => (typeof path === 'string' ? relativeTo(conversation, path, options) : path);
  const given = params[field];
  return { ...params, [field]: Array.isArray(given) ? given.map(own) : own(given) };
}
