import { dataUri, type ModelMessage } from '../../media.ts';
import { sentId, sentName } from '../native-calls.ts';
import { cutter } from '../parts.ts';
import type { Fields } from '../post-stream.ts';

/** One output item of a reply, in their order: a reasoning item whole but for its text, the others as places. */
export type Place =
  | { reasoning?: { id: string; encrypted_content: string }; summary: number[] }
  | { text: number }
  | 'call';

/** What goes back with a reply. Only the endpoint that encrypted its reasoning can read it. */
export interface NativeOutput {
  api: 'responses';
  endpoint: string;
  places: Place[];
}

/** The input items of one message for an endpoint. */
export function inputItems(message: ModelMessage, endpoint: string): Fields[] {
  if (message.role === 'assistant') return outputItems(message, endpoint);
  if (message.role === 'system' || !message.results) return [{ role: message.role, content: contentOf(message) }];
  const { results, notes = [] } = message;
  return [
    ...results.map(({ id, text }) => ({ type: 'function_call_output', call_id: sentId(id), output: text })),
    ...(notes.length > 0 ? [{ role: 'user', content: notes.join('\n\n') }] : []),
  ];
}

/** The text, or parts where a message shows something. The API takes no video. */
function contentOf(message: ModelMessage): string | Fields[] {
  if (message.role !== 'user' || !message.media) return message.content;
  const shown = message.media.flatMap((media): Fields[] => [
    { type: 'input_text', text: media.label },
    { type: 'input_image', image_url: dataUri(media), detail: 'auto' },
  ]);
  return [...shown, { type: 'input_text', text: message.content }];
}

function outputItems(
  { content, reasoning = '', calls = [], native }: Extract<ModelMessage, { role: 'assistant' }>,
  endpoint: string,
): Fields[] {
  const callItems = calls.map(
    ({ name, arguments: args, nativeId }): Fields => ({
      type: 'function_call',
      call_id: sentId(nativeId),
      name: sentName(name),
      arguments: JSON.stringify(args),
    }),
  );
  const said = (text: string): Fields[] => (text === '' ? [] : [{ role: 'assistant', content: text }]);
  const places = placesOf(native, endpoint);
  if (!places) return [...said(content), ...callItems];
  // A thought that nothing followed is refused.
  if (content === '' && calls.length === 0) return [];
  const cutReasoning = cutter(reasoning);
  const cutText = cutter(content);
  const items = places.flatMap((place): Fields[] => {
    if (place === 'call') return callItems.splice(0, 1);
    if ('text' in place) return said(cutText(place.text));
    const summary = place.summary.map((length) => ({ type: 'summary_text', text: cutReasoning(length) }));
    return place.reasoning ? [{ type: 'reasoning', ...place.reasoning, summary }] : [];
  });
  return [...items, ...callItems];
}

function placesOf(native: unknown, endpoint: string): Place[] | undefined {
  const output = native as Partial<NativeOutput> | undefined;
  return output?.api === 'responses' && output.endpoint === endpoint ? output.places : undefined;
}
