import { toolsIn } from './original/to-rows.ts';
import type { Source } from './tool-call.ts';
import { TOOL_SCHEMAS, type ToolSchema } from './tool-schemas.ts';
import type { Segment } from './trajectory.ts';

/** What a session tells of itself for its row in a batch's output, beside its result. */
export interface Account {
  startedAt: number;
  segments: Segment[];
  /** What the model was offered: names, and with native calls the schemas. */
  tools: string[];
  schemas?: ToolSchema[];
}

/** What a session that has answered hands to the activity `conclude` in its worker's process. */
export interface GivenAccount {
  /** JSON of its account. */
  account: string;
  question: string;
  sources: Source[];
}

/** JSON of the tools' schemas: as the system prompt lists them, one a line, or with native calls as the API was told. */
export function toolsText({ segments: [first], tools, schemas }: Account): string {
  if (!first || first.system === '') return '[]';
  const told = schemas ?? tools.flatMap((name) => TOOL_SCHEMAS[name as keyof typeof TOOL_SCHEMAS] ?? []);
  return toolsIn(first.system) ?? JSON.stringify(told.map((schema) => ({ type: 'function', function: schema })));
}
