import type { ToolSchema } from '../../protocol/tool-schemas.ts';
import type { Skill } from '../skills/skill.ts';
import { skillsPrompt } from '../skills/skills-prompt.ts';

/** `thoughts` says where to think, for a model whose thoughts are in its text. */
const openingOf = (
  thoughts: string,
) => `You are a research agent. You answer a question by looking things up, reading sources, computing where that helps, and checking what you found before you rely on it.

# How to work
- Think before each step${thoughts}: what is known, what is missing, what to do next.
- Call tools to learn what you do not know. Ask several queries at once where they differ; open the sources that matter instead of trusting their excerpts.
- Compare sources where they disagree, and prefer those nearest to the fact. Follow every condition in the question.
- When you have what is needed, write the final answer inside <answer></answer>, in the language of the question, with the source of each important claim. Say what remains uncertain. A reply without a tool call ends the work.`;

const FORMAT = `# Tool calls
Write each call as JSON between tags:
<tool_call>
{"name": "tool name", "arguments": {"argument": "value"}}
</tool_call>
Code for PythonInterpreter goes between <code> and </code> after the JSON, a command for bash between <bash> and </bash>:
<tool_call>
{"name": "PythonInterpreter", "arguments": {}}
<code>
print(1 + 1)
</code>
</tool_call>
Several calls may stand in one reply. Each result comes back inside <tool_response></tool_response>, in the order of the calls.`;

const NOTE = `# Note
- Name files by paths relative to the working directory, never by absolute ones.
- A tool that fails says why; try another way.`;

/** Where code or commands can write files. */
const GIVES_FILES =
  '- Files that you leave in the working directory are given to the user with the answer. Write long reports, tables and charts there, and name them in the answer.';

/**
 * The system prompt. Same inputs, same bytes: it is the start of every prompt and so of the server's prefix cache. An
 * API with native tool calls is told of the tools in its own way.
 */
export function systemPrompt(
  tools: ToolSchema[] | 'native',
  date: string,
  { given, skills = [], givesFiles = false }: { given?: string; skills?: readonly Skill[]; givesFiles?: boolean } = {},
): string {
  const opening = given ?? openingOf(tools === 'native' ? '' : ', inside <think></think>');
  return [
    opening,
    ...(tools === 'native' ? [] : [listed(tools), FORMAT]),
    ...(skills.length > 0 ? [skillsPrompt(skills)] : []),
    givesFiles ? `${NOTE}\n${GIVES_FILES}` : NOTE,
    `Current date: ${date}`,
  ].join('\n\n');
}

function listed(tools: ToolSchema[]): string {
  const lines = tools.map((tool) => JSON.stringify({ type: 'function', function: tool })).join('\n');
  return `# Tools\n<tools>\n${lines}\n</tools>`;
}
