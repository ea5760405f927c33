import type { ModelMessage } from '../../media.ts';
import { sentId, sentName } from '../native-calls.ts';
import { cutter } from '../parts.ts';
import type { Fields } from '../post-stream.ts';

/** One content block of a reply, in their order: thoughts with their signature but without their text, the others as places. */
export type Place = { thinking: number; signature: string } | { redacted: string } | { text: number } | 'call';

/** What goes back with a reply. */
export interface NativeContent {
  api: 'anthropic';
  places: Place[];
}

interface Turn {
  role: 'user' | 'assistant';
  content: Fields[];
}

/**
 * The transcript as turns. The system text opens the first user turn, and messages of the same side are one turn.
 * `cached` marks where the provider's prompt cache is to be written: behind the opening, which never changes, and at
 * the end. The marks move, what they stand on does not, and the cache's key leaves them out.
 */
export function anthropicMessages(messages: readonly ModelMessage[], cached: boolean): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = message.role === 'assistant' ? assistantBlocks(message) : userBlocks(message);
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  if (cached) {
    for (const turn of new Set([turns.find(isUser), turns.findLast(isUser)])) {
      Object.assign(turn?.content.at(-1) ?? {}, { cache_control: { type: 'ephemeral' } });
    }
  }
  return turns;
}

/** Whether a reply has thoughts that this API takes back. */
export const hasThoughts = (native: unknown): boolean =>
  (placesOf(native) ?? []).some(
    (place) => typeof place === 'object' && ('redacted' in place || ('signature' in place && place.signature !== '')),
  );

const isUser = (turn: Turn): boolean => turn.role === 'user';

/** Blank text is refused. */
const textBlocks = (text: string): Fields[] => (text.trim() === '' ? [] : [{ type: 'text', text }]);

function userBlocks(message: Exclude<ModelMessage, { role: 'assistant' }>): Fields[] {
  if (message.role === 'system') return textBlocks(message.content);
  // The API takes no video.
  const shown = (message.media ?? []).flatMap(({ label, type, base64 }) => [
    ...textBlocks(label),
    { type: 'image', source: { type: 'base64', media_type: type, data: base64 } },
  ]);
  if (!message.results) return [...shown, ...textBlocks(message.content)];
  const { results, notes = [] } = message;
  return [
    ...results.map(({ id, text }) => ({ type: 'tool_result', tool_use_id: sentId(id), content: text })),
    ...notes.flatMap(textBlocks),
  ];
}

function assistantBlocks({
  content,
  reasoning = '',
  calls = [],
  native,
}: Extract<ModelMessage, { role: 'assistant' }>): Fields[] {
  const uses = calls.map(
    ({ name, arguments: input, nativeId }): Fields => ({
      type: 'tool_use',
      id: sentId(nativeId),
      name: sentName(name),
      input,
    }),
  );
  // A turn cannot end in a thought.
  if (content.trim() === '' && uses.length === 0) return [];
  const places = placesOf(native);
  if (!places) return [...textBlocks(content), ...uses];
  const cutReasoning = cutter(reasoning);
  const cutText = cutter(content);
  const blocks = places.flatMap((place): Fields[] => {
    if (place === 'call') return uses.splice(0, 1);
    if ('text' in place) return textBlocks(cutText(place.text));
    if ('redacted' in place) return [{ type: 'redacted_thinking', data: place.redacted }];
    const thinking = cutReasoning(place.thinking);
    // Without its signature a thought is refused.
    return place.signature ? [{ type: 'thinking', thinking, signature: place.signature }] : [];
  });
  return [...blocks, ...uses];
}

function placesOf(native: unknown): Place[] | undefined {
  const content = native as Partial<NativeContent> | undefined;
  return content?.api === 'anthropic' ? content.places : undefined;
}
