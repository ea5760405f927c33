import { z } from 'zod';
import type { ToolCallOutput } from '../../protocol/tool-call.ts';
import type { ToolSchema } from '../../protocol/tool-schemas.ts';
import { cappedResult } from './capped-result.ts';
import { checkedCall, type ServedTool } from './served-tool.ts';
import type { ToolContext } from './tool.ts';
import { withinTime } from './within-time.ts';

/** A tool beside the nine, as its author writes it. */
export interface ToolDefinition<A> {
  /** What the model calls it: letters, digits, `_` and `-`, beginning with a letter, 64 at most. */
  name: string;
  /** Tells the model what it does, what comes back, and when to use it. */
  description: string;
  /** A zod object. The model gets it as JSON Schema; what it writes is checked against it. */
  arguments: z.ZodType<A>;
  /**
   * Gives the text for the model. Throw `ToolError` for what the model should know and that is final; anything else is
   * retried, four attempts in all. An attempt after a crash gets the same `callId`.
   */
  run(args: A, context: ToolContext): Promise<string | ToolCallOutput> | string | ToolCallOutput;
  /** Its calls change something: they run one after another, in the order of the calls. Default: all at once. */
  effectful?: boolean;
  /** Longest call. Default: as for all tools (`CLIENT_TIMEOUT`). */
  timeoutSeconds?: number;
  /** Longest result; of a longer one the model gets the beginning and the end. Default 20,000. */
  maxCharacters?: number;
}

/** A tool that `defineTool` has checked, without the type of its arguments. */
export interface OwnTool {
  readonly name: string;
  serve(defaults: { seconds: number }): ServedTool;
}

export const LEGAL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** As much as a command's output. */
export const MOST_CHARACTERS = 20_000;

/** Defines a tool of one's own. @throws Error of one sentence for what is no tool */
export function defineTool<A>(definition: ToolDefinition<A>): OwnTool {
  const { name, description, run, effectful = false, timeoutSeconds, maxCharacters = MOST_CHARACTERS } = definition;
  if (typeof name !== 'string' || !LEGAL_NAME.test(name)) {
    throw wrong(name, 'expected a name of letters, digits, "_" and "-" that begins with a letter, 64 at most');
  }
  if (typeof description !== 'string' || description.trim() === '') {
    throw wrong(name, 'expected a description, which is what the model knows of the tool');
  }
  if (typeof run !== 'function') throw wrong(name, `expected a function "run", got ${typeof run}`);
  for (const [field, value] of Object.entries({ timeoutSeconds, maxCharacters })) {
    if (value !== undefined && !(value > 0)) throw wrong(name, `expected ${field} above 0, got ${value}`);
  }
  const schema: ToolSchema = { name, description, parameters: parametersOf(name, definition.arguments) };
  return ownTool({ ...definition, effectful, maxCharacters, schema });
}

/** A tool whose name and schema are known to be good. */
export interface OwnToolParts<A>
  extends Required<Pick<ToolDefinition<A>, 'arguments' | 'run' | 'effectful' | 'maxCharacters'>>,
    Pick<ToolDefinition<A>, 'timeoutSeconds'> {
  schema: ToolSchema;
}

/** Serves it within its limits of time and length. */
export function ownTool<A>({
  schema,
  run,
  effectful,
  timeoutSeconds,
  maxCharacters,
  ...parts
}: OwnToolParts<A>): OwnTool {
  const { name } = schema;
  return {
    name,
    serve: ({ seconds }) => ({
      name,
      schemas: { text: schema, native: schema },
      effectful,
      call: checkedCall({
        name,
        arguments: parts.arguments,
        async run(args, context) {
          const limit = Math.min(timeoutSeconds ?? seconds, seconds);
          const given = await withinTime(name, limit, context.signal, async (signal) =>
            run(args, { ...context, signal }),
          );
          const output = typeof given === 'string' ? { text: given } : given;
          if (typeof output?.text !== 'string') throw new Error(`its function gave ${typeof output}, expected a text`);
          return { ...output, text: await cappedResult(output.text, maxCharacters, context) };
        },
      }),
    }),
  };
}

/** @throws Error if the schema is no object, or has types that no JSON has */
function parametersOf(name: string, schema: z.ZodType): ToolSchema['parameters'] {
  let json: Record<string, unknown>;
  try {
    json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong(name, `its arguments cannot be told to a model as JSON Schema (${why})`);
  }
  if (json.type !== 'object') throw wrong(name, 'expected its arguments as z.object({ … })');
  const { $schema: _, type, properties = {}, required = [], ...rest } = json;
  return { type, properties, required, ...rest } as ToolSchema['parameters'];
}

const wrong = (name: unknown, what: string) => new Error(`Tool ${JSON.stringify(name) ?? 'without a name'}: ${what}.`);
