import { splitReply } from '../../protocol/answer.ts';

interface WrittenCall {
  name: string;
  arguments: Record<string, unknown>;
}

/** Code tools, whose argument stands in a section of its own. */
const SECTIONS: Record<string, string> = { code: 'code', bash: 'command' };

/** The tool calls that a reply's text holds, for people: what cannot be read has its text as argument. */
export function callsIn(text: string): WrittenCall[] {
  const { body } = splitReply(text);
  return Array.from(body.matchAll(/<tool_call>([\s\S]*?)<\/tool_call>/gi), ([, inner = '']) => {
    const section = /<(code|bash)>\n?([\s\S]*?)\n?<\/\1>/i.exec(inner);
    const json = inner.slice(0, section?.index).trim();
    const call = parse(json);
    if (!call) return { name: '', arguments: { text: inner.trim() } };
    const name = SECTIONS[section?.[1]?.toLowerCase() ?? ''];
    return name ? { ...call, arguments: { ...call.arguments, [name]: section?.[2] } } : call;
  });
}

function parse(json: string): WrittenCall | undefined {
  for (const text of [json, pythonAsJson(json)]) {
    try {
      const { name, arguments: args } = JSON.parse(text) as { name?: unknown; arguments?: unknown };
      if (typeof name !== 'string') return undefined;
      const read: unknown = typeof args === 'string' ? JSON.parse(args) : args;
      return { name, arguments: (read ?? {}) as Record<string, unknown> };
    } catch {
      // As a Python literal, or not at all.
    }
  }
  return undefined;
}

const pythonAsJson = (text: string): string =>
  text
    .replace(/\bTrue\b/g, 'true')
    .replace(/\bFalse\b/g, 'false')
    .replace(/\bNone\b/g, 'null');
