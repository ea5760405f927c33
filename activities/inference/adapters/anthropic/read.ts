import type { Usage } from '../../../../protocol/reply.ts';
import type { Generated } from '../../adapter.ts';
import type { Endpoint } from '../../endpoint.ts';
import { connectionFailure, streamFailure } from '../../failure.ts';
import type { WrittenCall } from '../native-calls.ts';
import { appendPart } from '../parts.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../post-stream.ts';
import type { NativeSaid } from '../read-native.ts';
import type { NativeContent, Place } from './messages.ts';

/** A content block while it streams. */
interface Block {
  type: string;
  text: string;
  signature: string;
  data: string;
  id: string;
  name: string;
  input: unknown;
  json: string;
}

/** Anthropic's stop reasons under the names that chat completions have. */
const FINISH_REASONS: Record<string, string> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
};

/** Reads the events of one message: text and thoughts into `generated` as they come. */
export function messageReader(endpoint: Endpoint, generated: Generated, onToken: () => void) {
  const blocks = new Map<number, Block>();
  let usage: Fields = {};
  let stopReason = '';

  const show = (block: Block, text: string) => {
    const field = block.type === 'thinking' ? 'reasoning' : 'text';
    generated[field] = appendPart(generated[field], text, block.text === '');
    block.text += text;
    if (text !== '') onToken();
  };

  const open = (index: number, start: Fields): Block => {
    const block = {
      type: textOf(start.type),
      text: '',
      signature: textOf(start.signature),
      data: textOf(start.data),
      id: textOf(start.id),
      name: textOf(start.name),
      input: start.input,
      json: '',
    };
    blocks.set(index, block);
    show(block, textOf(start.text) || textOf(start.thinking));
    return block;
  };

  const deltas = (index: number, delta: Fields) => {
    const block = blocks.get(index) ?? open(index, { type: delta.type === 'thinking_delta' ? 'thinking' : 'text' });
    if (delta.type === 'text_delta') show(block, textOf(delta.text));
    else if (delta.type === 'thinking_delta') show(block, textOf(delta.thinking));
    else if (delta.type === 'signature_delta') block.signature += textOf(delta.signature);
    else if (delta.type === 'input_json_delta') {
      block.json += textOf(delta.partial_json);
      onToken();
    }
  };

  // Counts are totals, and a later event may repeat only some of them.
  const count = (more: unknown) => {
    usage = { ...usage, ...Object.fromEntries(Object.entries(fieldsOf(more)).filter(([, value]) => value != null)) };
  };

  return {
    read(event: Fields): void {
      const { type } = event;
      if (type === 'error' || event.error) throw streamFailure(event.error ?? event, endpoint);
      if (type === 'message_start') count(fieldsOf(event.message).usage);
      else if (type === 'content_block_start') open(Number(event.index), fieldsOf(event.content_block));
      else if (type === 'content_block_delta') deltas(Number(event.index), fieldsOf(event.delta));
      else if (type === 'message_delta') {
        count(event.usage);
        stopReason = textOf(fieldsOf(event.delta).stop_reason) || stopReason;
      } else if (type === 'message') {
        // The answer of a server that does not stream.
        listOf(event.content).forEach((block, index) => {
          open(index, block);
        });
        count(event.usage);
        stopReason = textOf(event.stop_reason);
      }
    },
    /** Throws where the message was cut off. */
    end(): NativeSaid {
      if (stopReason === '') throw connectionFailure('the stream ended before the reply did');
      return {
        ...saidIn([...blocks.values()]),
        usage: usageOf(usage),
        finishReason: FINISH_REASONS[stopReason] ?? stopReason,
      };
    },
  };
}

function saidIn(blocks: Block[]): Pick<NativeSaid, 'text' | 'reasoning' | 'native' | 'calls'> {
  const calls: WrittenCall[] = [];
  const places: Place[] = [];
  let text = '';
  let reasoning = '';
  let signed = false;
  for (const block of blocks) {
    if (block.type === 'text') {
      text = appendPart(text, block.text, true);
      places.push({ text: block.text.length });
    } else if (block.type === 'thinking') {
      reasoning = appendPart(reasoning, block.text, true);
      places.push({ thinking: block.text.length, signature: block.signature });
      signed ||= block.signature !== '';
    } else if (block.type === 'redacted_thinking') {
      places.push({ redacted: block.data });
      signed = true;
    } else if (block.type === 'tool_use') {
      const given = Object.keys(fieldsOf(block.input)).length > 0 ? JSON.stringify(block.input) : '';
      calls.push({ id: block.id, name: block.name, arguments: block.json || given });
      places.push('call');
    }
  }
  const native: NativeContent = { api: 'anthropic', places };
  return { text, ...(reasoning ? { reasoning } : {}), calls, ...(signed ? { native } : {}) };
}

/** Ours counts all tokens of the prompt; this API counts those from the cache, and those written to it, apart. */
function usageOf(usage: Fields): Usage {
  const cached = Number(usage.cache_read_input_tokens ?? 0);
  return {
    prompt: Number(usage.input_tokens ?? 0) + Number(usage.cache_creation_input_tokens ?? 0) + cached,
    cached,
    completion: Number(usage.output_tokens ?? 0),
  };
}
