import { nearest } from '../../activities/providers/nearest.ts';
import type { OwnTool } from '../../activities/tools/own-tool.ts';
import { ConfigurationError } from '../configuration/error.ts';
import { LIMITABLE } from '../configuration/groups/temporal.ts';
import type { Configuration } from '../configuration/index.ts';

/** A limit for a tool that does not exist would limit nothing. @throws ConfigurationError that names the nearest tool */
export function checkToolRates({ toolRates }: Configuration, ownTools: readonly OwnTool[]): void {
  const names = [...LIMITABLE, ...ownTools.map(({ name }) => name)];
  const unknown = Object.keys(toolRates).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    unknown.map(
      (name) => `DEEP_RESEARCH_TOOL_RATES: there is no tool "${name}"; did you mean ${nearest(name, names)}?`,
    ),
  );
}
