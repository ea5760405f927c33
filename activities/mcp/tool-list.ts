import { type Client, type RequestOptions, SdkError, SdkErrorCode, type Tool } from '@modelcontextprotocol/client';
import { z } from 'zod';

export interface ToolList {
  tools: Tool[];
  /** Entries that are no tools. */
  unreadable: number;
}

const page = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().optional() });

/** What is used of an entry. */
const entry = z.looseObject({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: z.record(z.string(), z.unknown()),
  annotations: z
    .looseObject({ readOnlyHint: z.boolean().optional(), idempotentHint: z.boolean().optional() })
    .optional(),
});

const MOST_PAGES = 64;

/** The tools of a server. One that is not as the protocol has it does not cost the others. */
export async function toolList(client: Client, options: RequestOptions): Promise<ToolList> {
  try {
    return { tools: (await client.listTools(undefined, options)).tools, unreadable: 0 };
  } catch (error) {
    if (!(error instanceof SdkError) || error.code !== SdkErrorCode.InvalidResult) throw error;
  }
  const entries: unknown[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const { tools, nextCursor } = await client.request({ method: 'tools/list', params }, page, options);
    entries.push(...tools);
    if (nextCursor === undefined || nextCursor === cursor) break;
    cursor = nextCursor;
  }
  const tools = entries.flatMap((one) => entry.safeParse(one).data ?? []) as Tool[];
  return { tools, unreadable: entries.length - tools.length };
}
