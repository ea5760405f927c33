import { halves, type Said } from './server.ts';

export const responseEvents = (events: ({ type: string } & Record<string, unknown>)[]): string =>
  events
    .map((event, index) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`)
    .join('');

export const RESPONSE_USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 64 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 8 },
  total_tokens: 120,
};

/** Output items of one reply. */
export function outputOf({ reasoning, text, calls = [] }: Said, idBase = 'call'): Record<string, unknown>[] {
  return [
    ...(reasoning === undefined
      ? []
      : [
          {
            id: `rs_${idBase}`,
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: reasoning }],
            encrypted_content: `sealed:${idBase}`,
          },
        ]),
    ...(text === undefined
      ? []
      : [
          {
            id: `msg_${idBase}`,
            type: 'message',
            status: 'completed',
            role: 'assistant',
            content: [{ type: 'output_text', annotations: [], text }],
          },
        ]),
    ...calls.map((call, index) => ({
      id: `fc_${idBase}_${index}`,
      type: 'function_call',
      status: 'completed',
      call_id: `${idBase}_${index}`,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    })),
  ];
}

/** One reply as the Responses API streams it. */
export function responseReply(said: Said, idBase = 'call'): string {
  const output = outputOf(said, idBase);
  const response = {
    id: `resp_${idBase}`,
    object: 'response',
    model: 'm',
    status: 'in_progress',
    output: [],
    usage: null,
  };
  return responseEvents([
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...output.flatMap((item, output_index) => [
      { type: 'response.output_item.added', output_index, item: { ...item, summary: [], content: [], arguments: '' } },
      ...deltas(item, output_index),
      { type: 'response.output_item.done', output_index, item },
    ]),
    { type: 'response.completed', response: { ...response, status: 'completed', output, usage: RESPONSE_USAGE } },
  ]);
}

function deltas(item: Record<string, unknown>, output_index: number): { type: string; [field: string]: unknown }[] {
  const at = { item_id: item.id, output_index };
  if (item.type === 'reasoning') {
    const [part] = item.summary as { text: string }[];
    return halves(part?.text ?? '').map((delta) => ({
      type: 'response.reasoning_summary_text.delta',
      ...at,
      summary_index: 0,
      delta,
    }));
  }
  if (item.type === 'message') {
    const [part] = item.content as { text: string }[];
    return halves(part?.text ?? '').map((delta) => ({
      type: 'response.output_text.delta',
      ...at,
      content_index: 0,
      delta,
    }));
  }
  return halves(String(item.arguments)).map((delta) => ({
    type: 'response.function_call_arguments.delta',
    ...at,
    delta,
  }));
}
