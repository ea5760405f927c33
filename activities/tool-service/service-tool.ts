import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { EFFECTFUL_TOOLS, type ToolName } from '../../protocol/tool-call.ts';
import { nativeSchema, TOOL_SCHEMAS } from '../../protocol/tool-schemas.ts';
import { cappedResult } from '../tools/capped-result.ts';
import { checkedCall, type ServedTool } from '../tools/served-tool.ts';
import { type ToolContext, ToolError } from '../tools/tool.ts';
import { askService } from './ask-service.ts';
import { ENTRIES, withFiles } from './entries.ts';

/** An existing tool service (`toolkits-api`), as the original's settings name it. */
export interface ToolServiceSettings {
  bases: readonly string[];
  /** The tools whose calls go there. */
  tools: readonly ToolName[];
  /** `use_cache` of the calls. */
  useCache: boolean;
  /** `is_tongyi_format`: results and errors as plain text. */
  plainText: boolean;
  /** Folder of the sessions' files as the service sees it. */
  filesDir: string;
}

/** First part of a `conversation_id`: the folder below `filesDir` that holds a folder for each session. */
const LABEL = 'deep-research';

/** A guard for results that no context has room for; the original's service cuts its own. */
const MOST_CHARACTERS = 100_000;

/** One of the nine whose calls go to a tool service, sent byte for byte as the original sends them. */
export function serviceTool(
  name: ToolName,
  settings: ToolServiceSettings,
  { seconds: most }: { seconds: number },
): ServedTool {
  const entry = ENTRIES[name];
  const effectful = EFFECTFUL_TOOLS.has(name);
  const seconds = Math.min(entry.seconds, most);
  const call = async (given: Record<string, unknown>, context: ToolContext) => {
    const conversation = `${LABEL}/${basename(context.workspace)}`;
    const params = withFiles(given, entry, `${settings.filesDir}/${conversation}`);
    const body = JSON.stringify({
      request_id: entry.requestId,
      use_cache: settings.useCache,
      params: { ...params, ...(entry.takesFormat ? { is_tongyi_format: settings.plainText } : {}) },
      conversation_id: conversation,
    });
    return context.recorded(`tool service ${entry.path} ${body}`, async () => {
      if (effectful) await refuseSecond(context, body);
      const { bases } = settings;
      const asked = { tool: name, bases, path: entry.path, body, seconds, once: effectful, signal: context.signal };
      const output = await askService(asked);
      return { ...output, text: await cappedResult(output.text, MOST_CHARACTERS, context) };
    });
  };
  return {
    name,
    schemas: { text: TOOL_SCHEMAS[name], native: nativeSchema(name) },
    effectful,
    call: checkedCall({ name, arguments: entry.params, run: call }),
  };
}

/** The service does not tell one call from its repetition: what an attempt before this one has sent is not sent again. */
async function refuseSecond({ recorded }: ToolContext, body: string): Promise<void> {
  const self = randomUUID();
  if ((await recorded(`begun ${body}`, async () => self, { must: true })) === self) return;
  throw new ToolError(
    'The worker was interrupted while this call was under way at the tool service: it is not known whether it took effect. Look before you repeat it.',
  );
}
