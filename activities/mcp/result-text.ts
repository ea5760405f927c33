import { isDeepStrictEqual } from 'node:util';
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client';
import { withoutKeys } from '../../protocol/redact.ts';
import type { Source, ToolCallOutput } from '../../protocol/tool-call.ts';

/** Puts bytes into a file for the model's other tools; gives its path, or undefined where that cannot be. */
export type KeepFile = (data: Buffer, mediaType: string | undefined) => Promise<string | undefined>;

/**
 * What a model reads of a result, without keys of this process: texts as they are, pictures and files in words,
 * structured content as JSON.
 */
export async function resultOutput(result: CallToolResult, keep: KeepFile): Promise<ToolCallOutput> {
  const parts: string[] = [];
  const sources: Source[] = [];
  for (const block of result.content ?? []) {
    parts.push(await blockText(block, keep));
    if (block.type === 'resource_link' && /^https?:/i.test(block.uri)) {
      // The address of a file may hold the key that the server was asked with.
      sources.push({ url: withoutKeys(block.uri), title: withoutKeys(block.title ?? block.name) });
    }
  }
  const data = result.structuredContent;
  // A server says the same as text as well, for clients that know nothing of structured content.
  if (data !== undefined && !(result.content ?? []).some((block) => saysAlready(block, data))) {
    parts.push(JSON.stringify(data));
  }
  const text = withoutKeys(parts.filter((part) => part !== '').join('\n'));
  return { text, ...(sources.length > 0 ? { sources } : {}), ...(result.isError ? { failed: true } : {}) };
}

function saysAlready(block: ContentBlock, data: unknown): boolean {
  if (block.type !== 'text') return false;
  try {
    return isDeepStrictEqual(JSON.parse(block.text), data);
  } catch {
    return false;
  }
}

async function blockText(block: ContentBlock, keep: KeepFile): Promise<string> {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return fileText(block.type === 'image' ? 'An image' : 'A sound', block.data, block.mimeType, keep);
    case 'resource_link': {
      const what = [block.mimeType, block.description].filter(Boolean).join(': ');
      return `[Resource "${block.title ?? block.name}" at ${block.uri}${what ? ` (${what})` : ''}]`;
    }
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return `[Resource ${resource.uri}]\n${resource.text}`;
      return fileText(`The resource ${resource.uri}`, resource.blob, resource.mimeType, keep);
    }
    default:
      return `[Content of the kind "${(block as { type: string }).type}", which cannot be shown]`;
  }
}

async function fileText(what: string, base64: string, mediaType: string | undefined, keep: KeepFile): Promise<string> {
  const data = Buffer.from(base64, 'base64');
  const path = await keep(data, mediaType);
  const where = path === undefined ? 'it could not be saved' : `saved as ${path}`;
  return `[${what} (${mediaType ?? 'of unknown type'}, ${data.length.toLocaleString('en-US')} bytes): ${where}]`;
}
