import type { ModelRequest, RawReply } from '../../adapter.ts';
import { mendLimit } from '../mend-limit.ts';
import type { Fields } from '../post-stream.ts';
import { readNative } from '../read-native.ts';
import { inputItems } from './input.ts';
import { responseReader } from './read.ts';

/** Models without reasoning refuse its settings. */
const NO_REASONING = /gpt-4\.1|gpt-4o/i;

/** One streamed response of OpenAI's Responses API. Nothing is stored at the provider: each request says all. */
export const responses = (call: ModelRequest): Promise<RawReply> =>
  mendLimit(requestBody(call), (body) => readNative(call, { path: 'responses', body }, responseReader));

function requestBody({ endpoint, messages, tools, model }: ModelRequest): Fields {
  const reasoning = !NO_REASONING.test(endpoint.model);
  return {
    model: endpoint.model,
    input: messages.flatMap((message) => inputItems(message, endpoint.name)),
    ...(tools.length > 0
      ? // Not `strict`: that would change the schemas, and make every argument required.
        { tools: tools.map((tool) => ({ type: 'function', ...tool, strict: false })) }
      : {}),
    store: false,
    ...(reasoning
      ? { reasoning: { effort: 'medium', summary: 'detailed' }, include: ['reasoning.encrypted_content'] }
      : // Models that reason refuse both.
        {
          ...(model.temperature === undefined ? {} : { temperature: model.temperature }),
          ...(model.topP === undefined ? {} : { top_p: model.topP }),
        }),
    ...(model.maxTokens === undefined ? {} : { max_output_tokens: model.maxTokens }),
    ...model.extraBody,
    stream: true,
  };
}
