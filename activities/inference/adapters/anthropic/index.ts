import type { ModelRequest, RawReply } from '../../adapter.ts';
import type { ModelMessage } from '../../media.ts';
import { type Fields, fieldsOf } from '../post-stream.ts';
import { readNative } from '../read-native.ts';
import { askedMaxTokens } from '../request-fields.ts';
import { anthropicMessages, hasThoughts } from './messages.ts';
import { messageReader } from './read.ts';

const VERSION = '2023-06-01';

/** The API wants a limit in every request. No model that thinks has a lower one. */
const MAX_TOKENS = 32_000;
const THINKING_TOKENS = 15_000;
/** Least budget of a thought that the API takes, and what is left for the reply behind it. */
const LEAST_TOKENS = 1_024;

/** Models from before there was thinking. */
const NO_THINKING = /claude-3-(5|haiku|sonnet|opus)/i;

/** One streamed reply of Anthropic's Messages API. */
export const anthropic = (call: ModelRequest): Promise<RawReply> =>
  readNative(
    call,
    { path: 'messages', body: requestBody(call), headers: { 'anthropic-version': VERSION } },
    messageReader,
  );

function requestBody({ endpoint, messages, tools, model }: ModelRequest): Fields {
  const maxTokens = askedMaxTokens(model) ?? MAX_TOKENS;
  const budget = Math.min(THINKING_TOKENS, maxTokens - LEAST_TOKENS);
  const able = !NO_THINKING.test(endpoint.model) && budget >= LEAST_TOKENS && mayThink(messages);
  const asked = model.extraBody?.thinking ?? (able ? { type: 'enabled', budget_tokens: budget } : undefined);
  const thinks = asked !== undefined && fieldsOf(asked).type !== 'disabled';
  return {
    model: endpoint.model,
    max_tokens: maxTokens,
    messages: anthropicMessages(messages, tools.length > 0),
    ...(tools.length > 0
      ? {
          tools: tools.map(({ name, description, parameters }) => ({
            type: 'custom',
            name,
            description,
            input_schema: parameters,
          })),
        }
      : {}),
    ...(asked === undefined ? {} : { thinking: asked }),
    // While it thinks, the API takes no other temperature than its own, and no narrower top_p.
    ...(model.temperature === undefined || thinks ? {} : { temperature: model.temperature }),
    ...(model.topP === undefined || (thinks && model.topP < 0.95) ? {} : { top_p: model.topP }),
    ...(model.stop ? { stop_sequences: model.stop } : {}),
    ...model.extraBody,
    stream: true,
  };
}

/**
 * The API refuses to think on in a run of tool calls that did not begin with a thought of its own: one that another
 * endpoint began, or whose thoughts came without signatures.
 */
function mayThink(messages: readonly ModelMessage[]): boolean {
  const asked = messages.findLastIndex((message) => message.role === 'user' && !message.results);
  const first = messages.slice(asked + 1).find((message) => message.role === 'assistant');
  return first?.role !== 'assistant' || !first.calls?.length || hasThoughts(first.native);
}
