import { TOOL_NAMES } from '../../protocol/tool-call.ts';
import type { ServedTool } from '../tools/served-tool.ts';
import { serviceTool, type ToolServiceSettings } from './service-tool.ts';

/**
 * The nine with a tool service in the place of some of our own. A session's folder of documents is nothing that the
 * service knows: it is searched and opened here.
 */
export function withService(
  own: readonly ServedTool[],
  settings: ToolServiceSettings,
  limits: { seconds: number },
): ServedTool[] {
  return TOOL_NAMES.flatMap((name) => {
    const ours = own.find((tool) => tool.name === name);
    if (!settings.tools.includes(name)) return ours ?? [];
    const theirs = serviceTool(name, settings, limits);
    if (!ours || (name !== 'search' && name !== 'visit')) return theirs;
    return {
      ...theirs,
      call: (raw, context) =>
        context.corpus !== undefined && (name === 'search' || !isWebOnly(raw.url))
          ? ours.call(raw, context)
          : theirs.call(raw, context),
    };
  });
}

const isWebOnly = (url: unknown): boolean => [url].flat().every((one) => /^\s*https?:/i.test(String(one)));
