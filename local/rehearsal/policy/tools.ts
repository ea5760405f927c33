import { TOOL_NAMES, type ToolName } from '../../../protocol/tool-call.ts';

/**
 * Tools that a system prompt offers: those it describes as JSON (`"name": "search"`), inside `<tools>` where there is
 * such a part, else those it names at all. Examples of calls (`"name"`, then `"arguments"`) may name tools that are not
 * offered.
 */
export function offeredTools(systemPrompt: string): Set<ToolName> {
  const list = [...systemPrompt.matchAll(/<tools>([\s\S]*?)<\/tools>/g)].map(([, inner]) => inner).join('\n');
  const described = named(list.trim() || systemPrompt, (name) => `"name"\\s*:\\s*"${name}"(?!\\s*,\\s*"arguments")`);
  return described.size > 0 ? described : named(systemPrompt, (name) => `\\b${name}\\b`);
}

const named = (text: string, pattern: (name: ToolName) => string): Set<ToolName> =>
  new Set(TOOL_NAMES.filter((name) => new RegExp(pattern(name)).test(text)));
