import { nearest } from '../../activities/providers/nearest.ts';
import type { ToolServiceSettings } from '../../activities/tool-service/service-tool.ts';
import { TOOL_NAMES, type ToolName } from '../../protocol/tool-call.ts';
import type { Variables } from './variables.ts';

const isToolName = (name: string): name is ToolName => (TOOL_NAMES as readonly string[]).includes(name);

/** The tool service that stands in for our tools, if there is one. @throws Error that names the variable */
export function toolServiceFrom(values: Variables): ToolServiceSettings | undefined {
  const {
    TOOLS_SERVER_BASE_ENDPOINT_URL: bases = [],
    TOOLS_SERVER_TOOLS: tools = [...TOOL_NAMES],
    LITERATURE_SEED_DATA_DIR: filesDir,
  } = values;
  const unknown = tools.find((name) => !isToolName(name));
  if (unknown !== undefined) {
    throw new Error(
      `TOOLS_SERVER_TOOLS: there is no tool "${unknown}"; did you mean ${nearest(unknown, [...TOOL_NAMES])}?`,
    );
  }
  if (!filesDir.startsWith('/')) {
    throw new Error(`LITERATURE_SEED_DATA_DIR: expected an absolute path, got "${filesDir}".`);
  }
  if (bases.length === 0) return undefined;
  return {
    bases,
    tools: tools.filter(isToolName),
    useCache: values.WEB_BASED_TOOLS_USE_CACHE,
    plainText: values.USE_NLP_FORMAT_RETURN,
    filesDir: filesDir.replace(/\/+$/, ''),
  };
}
