/** Sentences the model gets instead of a result. They say what was wrong and how to write it. */

const FORM = '<tool_call>{"name": "search", "arguments": {"query": "…"}}</tool_call>';
const FORMS = new Map([
  ['PythonInterpreter', '<tool_call>{"name": "PythonInterpreter", "arguments": {}}<code>…</code></tool_call>'],
  ['bash', '<tool_call>{"name": "bash", "arguments": {}}<bash>…</bash></tool_call>'],
]);

const EXCERPT = 60;

/** One line of at most 60 characters. */
export function excerpt(text: string, at = 0): string {
  const line = text
    .slice(at, at + 4 * EXCERPT)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
}

export const unreadable = (why: string, tool = ''): string =>
  `The tool call could not be read: ${why}. Write it as ${FORMS.get(tool) ?? FORM}.`;

export function brokenJson(fault: string, source: string, at: number, tool: string): string {
  const near = excerpt(source, at);
  return unreadable(`${fault}, at ${near === '' ? 'the end' : `character ${at + 1}, before ${near}`}`, tool);
}

export const openCode = (tool: string): string =>
  `The code of the call of ${tool} has no end, so it was not run. Write the call as ${FORMS.get(tool)}.`;

export const unknownTool = (name: string, available: readonly string[]): string =>
  `There is no tool named "${excerpt(name)}". Available tools: ${available.join(', ')}.`;

export const badArguments = (tool: string, found: string): string =>
  `The "arguments" of the call of ${tool} must be a JSON object, not ${found}. Write the call as ${FORMS.get(tool) ?? FORM}.`;

export const tooManyFailed = (count: number): string =>
  `${count} more tool calls could not be run. Write each as ${FORM}.`;
