import { randomUUID } from 'node:crypto';
import type { Tool } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { ToolCallOutput } from '../../protocol/tool-call.ts';
import type { ToolSchema } from '../../protocol/tool-schemas.ts';
import { cappedResult, keepOutput } from '../tools/capped-result.ts';
import { MOST_CHARACTERS, type OwnTool, ownTool } from '../tools/own-tool.ts';
import { type ToolContext, ToolError, TryLater } from '../tools/tool.ts';
import { type KeepFile, resultOutput } from './result-text.ts';
import { CallFailed, type McpServer } from './server.ts';
import type { ToolList } from './tool-list.ts';
import { modelName } from './tool-names.ts';

/** Every session's prompt holds every tool's schema: a longer one would take the room of the research. */
const MOST_SCHEMA_CHARACTERS = 20_000;
const MOST_DESCRIPTION_CHARACTERS = 4_000;
const MOST_TOOLS = 128;

export interface ServedTools {
  tools: OwnTool[];
  /** What is not served as the server has it, a sentence each. */
  notes: string[];
}

/** The tools of a server as tools of ours. `taken` are the names that are used already, and is added to. */
export function serveTools(
  server: McpServer,
  { tools: listed, unreadable }: ToolList,
  taken: Set<string>,
): ServedTools {
  const { name, tools: wanted } = server.settings;
  const tools: OwnTool[] = [];
  const notes: string[] = [];
  const seen = new Set<string>();
  const say = (what: string) => notes.push(`The MCP server "${name}": ${what}.`);
  if (unreadable > 0) say(`${unreadable} of its tools cannot be read`);
  for (const tool of listed) {
    if (wanted && !wanted.includes(tool.name)) continue;
    const quoted = `its tool ${JSON.stringify(tool.name.slice(0, 100))}`;
    const schema = schemaOf(tool, name);
    if (seen.has(tool.name)) say(`${quoted} is there twice; the first is served`);
    else if (tools.length === MOST_TOOLS) {
      say(`it has more than ${MOST_TOOLS} tools; choose some of them with "tools"`);
      break;
    } else if (!schema) {
      say(
        `${quoted} is not served: its schema has more than ${MOST_SCHEMA_CHARACTERS.toLocaleString('en-US')} characters`,
      );
    } else {
      const ours = modelName(name, tool.name, taken);
      if (ours !== tool.name) say(`${quoted} is served as ${ours}`);
      tools.push(servedTool(server, tool, { ...schema, name: ours }));
    }
    seen.add(tool.name);
  }
  const missing = wanted?.filter((one) => !seen.has(one)) ?? [];
  for (const one of missing) say(`it has no tool "${one}"`);
  return { tools, notes };
}

/** Undefined where a prompt cannot hold it. */
function schemaOf(tool: Tool, server: string): Omit<ToolSchema, 'name'> | undefined {
  const { $schema: _, type: __, properties, required, ...rest } = tool.inputSchema as Record<string, unknown>;
  const parameters = {
    type: 'object' as const,
    properties: isRecord(properties) ? properties : {},
    required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [],
    ...rest,
  };
  const said = tool.description?.trim() || tool.title?.trim() || `The tool ${tool.name} of the MCP server ${server}.`;
  const description =
    said.length > MOST_DESCRIPTION_CHARACTERS ? `${said.slice(0, MOST_DESCRIPTION_CHARACTERS).toWellFormed()}…` : said;
  return lengthOf(parameters) > MOST_SCHEMA_CHARACTERS ? undefined : { description, parameters };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Infinite for what is nested deeper than can be written. */
function lengthOf(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function servedTool(server: McpServer, tool: Tool, schema: ToolSchema): OwnTool {
  const { settings } = server;
  const { readOnlyHint, idempotentHint } = tool.annotations ?? {};
  const readOnly = settings.readOnly ?? readOnlyHint === true;
  return ownTool({
    schema,
    // The server knows its arguments, and says what is wrong with them.
    arguments: z.record(z.string(), z.unknown()),
    effectful: !readOnly,
    ...(settings.timeoutSeconds === undefined ? {} : { timeoutSeconds: settings.timeoutSeconds }),
    maxCharacters: MOST_CHARACTERS,
    run: (args, context) =>
      callOnce({ server, tool, schema, repeatable: readOnly || idempotentHint === true }, args, context),
  });
}

interface Called {
  server: McpServer;
  tool: Tool;
  schema: ToolSchema;
  /** Calling it twice does no harm. */
  repeatable: boolean;
}

/** What a call gives is recorded: a retry after a crash has it, and the server is not asked again. */
async function callOnce(called: Called, args: Record<string, unknown>, context: ToolContext): Promise<ToolCallOutput> {
  const { server, tool, schema } = called;
  const what = `mcp ${server.settings.name} ${tool.name} ${JSON.stringify(args)}`;
  const { failed, ...output } = await context.recorded(what, () => call(called, what, args, context));
  const text = output.text || (failed ? `${schema.name} failed and does not say why.` : `${schema.name} gave nothing.`);
  if (failed) throw new ToolError(await cappedResult(text, MOST_CHARACTERS, context));
  return { ...output, text };
}

async function call(
  { server, tool, schema, repeatable }: Called,
  what: string,
  args: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolCallOutput> {
  const where = `the MCP server "${server.settings.name}"`;
  const maybeDone = `${schema.name}: ${where} was lost during this call; whether it took effect is not known.`;
  const attempt = randomUUID();
  let marked = false;
  const beforeSending = async () => {
    if (repeatable) return;
    marked = true;
    if ((await context.recorded(`begun ${what}`, async () => attempt, { must: true })) !== attempt)
      throw new ToolError(maybeDone);
  };
  try {
    const result = await server.call(tool.name, args, { signal: context.signal, repeatable, beforeSending });
    return await resultOutput(result, keeper(context));
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error.maybeDone && !repeatable) throw new ToolError(maybeDone);
    const sentence = `${schema.name}: ${where} gave no result: ${error.message}.`;
    // What another attempt would find is only that this one began.
    if (!error.passing || marked) throw new ToolError(sentence);
    throw new TryLater(sentence, { text: sentence, failed: true });
  }
}

/** Endings that the other tools know files by. */
const ENDINGS = new Map(
  Object.entries({
    'image/png': 'png',
    'image/jpeg': 'jpg',
    'image/gif': 'gif',
    'image/webp': 'webp',
    'audio/mpeg': 'mp3',
    'audio/wav': 'wav',
    'application/pdf': 'pdf',
    'application/json': 'json',
    'text/csv': 'csv',
  }),
);

function keeper(context: ToolContext): KeepFile {
  let number = 0;
  return (data, mediaType = '') => {
    number += 1;
    return keepOutput(data, `file-${number}.${ENDINGS.get(mediaType.toLowerCase()) ?? 'bin'}`, context);
  };
}
