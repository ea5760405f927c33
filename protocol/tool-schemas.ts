import type { ToolName } from './tool-call.ts';

/** A tool as the model is told of it. */
export interface ToolSchema {
  name: string;
  description: string;
  /** JSON Schema; tools beside the nine may use more of it, such as `$defs`. */
  parameters: { type: 'object'; properties: Record<string, unknown>; required: string[]; [more: string]: unknown };
}

const oneOrMany = (description: string) => ({
  type: ['string', 'array'],
  items: { type: 'string' },
  minItems: 1,
  description,
});

const text = (description: string) => ({ type: 'string', description });

/** The nine tools, in the order of the prompt, which never changes: the prompt's bytes are the prefix cache's key. */
export const TOOL_SCHEMAS: Record<ToolName, ToolSchema> = {
  search: {
    name: 'search',
    description:
      'Search for information. Takes one query or several at once and returns, for each, ranked results with title, URL and an excerpt.',
    parameters: {
      type: 'object',
      properties: { query: oneOrMany('One query, or a list of queries that differ in what they ask.') },
      required: ['query'],
    },
  },
  google_scholar: {
    name: 'google_scholar',
    description: 'Search academic literature: papers with title, authors, venue, year, citations and link.',
    parameters: {
      type: 'object',
      properties: { query: oneOrMany('One query, or a list of queries.') },
      required: ['query'],
    },
  },
  image_search: {
    name: 'image_search',
    description: 'Search for images. Returns image URLs with title, size and the page they stand on.',
    parameters: {
      type: 'object',
      properties: { query: oneOrMany('One query, or a list of queries.') },
      required: ['query'],
    },
  },
  visit: {
    name: 'visit',
    description:
      'Open one or several pages or documents found by a search and read them for a goal. Returns the evidence for the goal, word for word, and a summary.',
    parameters: {
      type: 'object',
      properties: {
        url: oneOrMany('One URL, or a list of URLs, exactly as in the search results.'),
        goal: text('What you want to learn from these pages.'),
      },
      required: ['url', 'goal'],
    },
  },
  parse_file: {
    name: 'parse_file',
    description:
      'Read the content of files: PDF, DOCX, PPTX, XLSX, CSV, TXT, Markdown, HTML, JSON, ZIP and more. Takes paths relative to the working directory, or URLs.',
    parameters: {
      type: 'object',
      properties: { files: oneOrMany('One path or URL, or a list of them.') },
      required: ['files'],
    },
  },
  PythonInterpreter: {
    name: 'PythonInterpreter',
    description:
      'Run Python 3 code as a script in the working directory. Only what is printed is returned. Files that it writes stay for later calls.',
    parameters: {
      type: 'object',
      properties: { code: text("The script, written between <code> and </code> after the call's JSON.") },
      required: ['code'],
    },
  },
  bash: {
    name: 'bash',
    description: 'Run a bash command in the working directory. Returns its output and its exit code where it is not 0.',
    parameters: {
      type: 'object',
      properties: { command: text("The command, written between <bash> and </bash> after the call's JSON.") },
      required: ['command'],
    },
  },
  ask_question_about_image: {
    name: 'ask_question_about_image',
    description:
      'Ask a question about one or several images, given as paths relative to the working directory or URLs.',
    parameters: {
      type: 'object',
      properties: {
        image_path: oneOrMany('One path or URL, or a list of them.'),
        question: text('What you want to know.'),
      },
      required: ['image_path', 'question'],
    },
  },
  ask_question_about_video: {
    name: 'ask_question_about_video',
    description:
      'Ask a question about one or several videos, given as paths relative to the working directory or URLs.',
    parameters: {
      type: 'object',
      properties: {
        video_path: oneOrMany('One path or URL, or a list of them.'),
        question: text('What you want to know.'),
      },
      required: ['video_path', 'question'],
    },
  },
};

/** How the one argument of a code tool is told where calls have fields of their own. */
const PLAIN: Partial<Record<ToolName, ToolSchema['parameters']['properties']>> = {
  PythonInterpreter: { code: text('The whole script.') },
  bash: { command: text('The command.') },
};

/** A tool for an API with native tool calls: nothing of how calls are written in a text. */
export function nativeSchema(name: ToolName): ToolSchema {
  const schema = TOOL_SCHEMAS[name];
  const properties = PLAIN[name];
  return properties ? { ...schema, parameters: { ...schema.parameters, properties } } : schema;
}
