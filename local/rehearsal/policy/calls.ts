/** A tool call in S1's text format. */
export interface TextCall {
  name: string;
  arguments: Record<string, unknown>;
}

/** Tools whose text stands in an element after the JSON: tool, argument, element. */
const TEXT_ARGUMENTS = [
  { name: 'PythonInterpreter', argument: 'code', element: 'code' },
  { name: 'bash', argument: 'command', element: 'bash' },
] as const;

export function writeCall(call: TextCall): string {
  const text = TEXT_ARGUMENTS.find(
    ({ name, argument }) => name === call.name && typeof call.arguments[argument] === 'string',
  );
  if (!text) return `<tool_call>\n${JSON.stringify({ name: call.name, arguments: call.arguments })}\n</tool_call>`;
  const { [text.argument]: body, ...rest } = call.arguments;
  const head = JSON.stringify({ name: call.name, arguments: rest });
  return `<tool_call>\n${head}\n<${text.element}>\n${body}\n</${text.element}>\n</tool_call>`;
}

/** Calls of an earlier reply. One that cannot be read counts, so that the results keep their places. */
export function readCalls(reply: string): TextCall[] {
  const body = reply.slice(reply.lastIndexOf('</think>') + 1);
  return [...body.matchAll(/<tool_call>([\s\S]*?)<\/tool_call>/gi)].map(([, inner = '']) => readCall(inner));
}

function readCall(inner: string): TextCall {
  const element = /<(code|bash)>\n?([\s\S]*?)\n?<\/\1>/i.exec(inner);
  const json = element ? inner.slice(0, element.index) : inner;
  try {
    const { name, arguments: args } = JSON.parse(json) as { name?: unknown; arguments?: unknown };
    const read = typeof args === 'string' ? JSON.parse(args) : args;
    const argument = TEXT_ARGUMENTS.find((text) => text.element === element?.[1]?.toLowerCase())?.argument;
    return {
      name: String(name),
      arguments: { ...(read as Record<string, unknown>), ...(argument ? { [argument]: element?.[2] ?? '' } : {}) },
    };
  } catch {
    return { name: '', arguments: {} };
  }
}

/** An argument that may be one string or several. */
export const strings = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
