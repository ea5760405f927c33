import { noUsage, type Usage } from '../../../../protocol/reply.ts';
import type { Generated } from '../../adapter.ts';
import type { Endpoint } from '../../endpoint.ts';
import { connectionFailure, streamFailure } from '../../failure.ts';
import type { WrittenCall } from '../native-calls.ts';
import { appendPart } from '../parts.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../post-stream.ts';
import type { NativeSaid } from '../read-native.ts';
import type { NativeOutput, Place } from './input.ts';

const TEXT_DELTAS = new Set(['response.output_text.delta', 'response.refusal.delta']);
const REASONING_DELTAS = new Set(['response.reasoning_summary_text.delta', 'response.reasoning_text.delta']);

/** Reads the events of one response: deltas into `generated` as they come, the reply from the finished items. */
export function responseReader(endpoint: Endpoint, generated: Generated, onToken: () => void) {
  const items = new Map<number, Fields>();
  let ended: Fields | undefined;
  let part = '';

  const add = (field: 'text' | 'reasoning', event: Fields) => {
    const now = [field, event.output_index, event.summary_index].join();
    generated[field] = appendPart(generated[field], textOf(event.delta), now !== part);
    part = now;
    onToken();
  };

  return {
    read(event: Fields): void {
      const type = textOf(event.type);
      if (type === 'error') throw streamFailure(event.error ?? event, endpoint);
      if (event.error) throw streamFailure(event.error, endpoint);
      if (TEXT_DELTAS.has(type)) add('text', event);
      else if (REASONING_DELTAS.has(type)) add('reasoning', event);
      else if (type === 'response.function_call_arguments.delta') onToken();
      else if (type === 'response.output_item.done') {
        items.set(Number(event.output_index ?? items.size), fieldsOf(event.item));
      } else if (type === 'response.failed') throw streamFailure(fieldsOf(event.response).error, endpoint);
      else if (type === 'response.completed' || type === 'response.incomplete') ended = fieldsOf(event.response);
      // The answer of a server that does not stream.
      else if (event.object === 'response') ended = event;
    },
    /** Throws where the response was cut off. */
    end(): NativeSaid {
      if (!ended) throw connectionFailure('the stream ended before the reply did');
      if (ended.status === 'failed') throw streamFailure(ended.error, endpoint);
      const whole = listOf(ended.output);
      const finished = [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
      return saidIn(whole.length > 0 ? whole : finished, ended, generated, endpoint.name);
    },
  };
}

function saidIn(items: Fields[], ended: Fields, generated: Generated, endpoint: string): NativeSaid {
  const calls: WrittenCall[] = [];
  const places: Place[] = [];
  let text = '';
  let reasoning = '';
  let refused = false;
  let encrypted = false;
  for (const item of items) {
    if (item.type === 'reasoning') {
      const summary = listOf(item.summary).length > 0 ? listOf(item.summary) : listOf(item.content);
      const thoughts = summary.map((part) => textOf(part.text));
      for (const thought of thoughts) reasoning = appendPart(reasoning, thought, true);
      const { id, encrypted_content } = item;
      const whole = typeof id === 'string' && typeof encrypted_content === 'string';
      encrypted ||= whole;
      places.push({
        ...(whole ? { reasoning: { id, encrypted_content } } : {}),
        summary: thoughts.map(({ length }) => length),
      });
    } else if (item.type === 'message') {
      const parts = listOf(item.content);
      refused ||= parts.some((part) => part.type === 'refusal');
      const said = parts.map((part) => textOf(part.text) || textOf(part.refusal)).join('');
      text = appendPart(text, said, true);
      places.push({ text: said.length });
    } else if (item.type === 'function_call') {
      calls.push({ id: textOf(item.call_id), name: textOf(item.name), arguments: textOf(item.arguments) });
      places.push('call');
    }
  }
  const native: NativeOutput = { api: 'responses', endpoint, places };
  const thought = reasoning || generated.reasoning;
  return {
    text: items.length > 0 ? text : generated.text,
    ...(thought ? { reasoning: thought } : {}),
    calls,
    usage: usageOf(fieldsOf(ended.usage)),
    finishReason: refused ? 'refusal' : finishReasonOf(ended, calls.length > 0),
    ...(encrypted ? { native } : {}),
  };
}

function finishReasonOf(ended: Fields, called: boolean): string {
  const reason = textOf(fieldsOf(ended.incomplete_details).reason);
  if (ended.status === 'incomplete' || reason !== '') {
    return reason === 'max_output_tokens' ? 'length' : reason || 'incomplete';
  }
  return called ? 'tool_calls' : 'stop';
}

function usageOf(usage: Fields): Usage {
  return {
    ...noUsage(),
    prompt: Number(usage.input_tokens ?? 0),
    cached: Number(fieldsOf(usage.input_tokens_details).cached_tokens ?? 0),
    completion: Number(usage.output_tokens ?? 0),
  };
}
