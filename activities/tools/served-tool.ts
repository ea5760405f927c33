import { describeIssues } from '../../protocol/input.ts';
import type { ToolProtocol } from '../../protocol/messages.ts';
import { EFFECTFUL_TOOLS, type ToolCallOutput } from '../../protocol/tool-call.ts';
import { nativeSchema, TOOL_SCHEMAS, type ToolSchema } from '../../protocol/tool-schemas.ts';
import { type Tool, type ToolContext, ToolError } from './tool.ts';

export type CorpusRule = 'with-corpus' | 'without-corpus';

/** A tool that a worker serves, with what a session needs to know of it. */
export interface ServedTool {
  /** Its model-facing name and activity type. */
  name: string;
  /** How the model is told of it, by the way in which calls travel. */
  schemas: Record<ToolProtocol, ToolSchema>;
  /** Its calls run one after another, in the order of the calls. */
  effectful: boolean;
  /** Of sessions with a folder of documents and those without one, the only ones that are offered it. */
  only?: CorpusRule;
  /** Checks the arguments and runs it. Throws `ToolError` with a plain sentence for what the model should know. */
  call(raw: Record<string, unknown>, context: ToolContext): Promise<ToolCallOutput>;
}

/** One of the nine, with the description that the models were trained on. */
export const builtIn = <A>(tool: Tool<A>, only?: CorpusRule): ServedTool => ({
  name: tool.name,
  schemas: { text: TOOL_SCHEMAS[tool.name], native: nativeSchema(tool.name) },
  effectful: EFFECTFUL_TOOLS.has(tool.name),
  ...(only ? { only } : {}),
  call: checkedCall(tool),
});

/** The tool's function behind its argument check. */
export const checkedCall =
  <A>(tool: Omit<Tool<A>, 'name'> & { name: string }): ServedTool['call'] =>
  async (raw, context) => {
    const parsed = await tool.arguments.safeParseAsync(raw);
    if (!parsed.success) throw new ToolError(`${tool.name}: ${describeIssues(parsed.error, raw)}.`);
    return tool.run(parsed.data, context);
  };
