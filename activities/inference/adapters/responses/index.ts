import type { ModelRequest, RawReply } from '../../adapter.ts';
import { startClock } from '../clock.ts';
import { mendLimit } from '../mend-limit.ts';
import { nativeCalls } from '../native-calls.ts';
import { type Fields, postStream } from '../post-stream.ts';
import { stampOf } from '../reply-stamp.ts';
import { inputItems } from './input.ts';
import { responseReader } from './read.ts';

/** Models without reasoning refuse its settings. */
const NO_REASONING = /gpt-4\.1|gpt-4o/i;

/** One streamed response of OpenAI's Responses API. Nothing is stored at the provider: each request says all. */
export async function responses(call: ModelRequest): Promise<RawReply> {
  const { endpoint, generated, tools } = call;
  return mendLimit(requestBody(call), async (body) => {
    const clock = startClock();
    const reader = responseReader(endpoint, generated, clock.tick);
    await postStream(call, { path: 'responses', body }, reader.read);
    const { calls, ...said } = reader.end();
    return {
      ...said,
      calls: nativeCalls(calls, tools),
      ...stampOf(call, clock, body),
    };
  });
}

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
