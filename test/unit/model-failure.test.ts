import { expect, test } from 'vitest';
import { connectionFailure, failureOf } from '../../activities/inference/failure.ts';
import { Secret } from '../../activities/secret.ts';
import { ask, KEY } from '../support/model-apis/ask.ts';

const said = (error: object) => JSON.stringify({ error });

test.each([
  [400, 'ModelRejected', false],
  [402, 'ModelRejected', false],
  [405, 'ModelRejected', false],
  [408, 'ModelUnavailable', true],
  [409, 'ModelUnavailable', true],
  [413, 'ContextOverflow', false],
  [422, 'ModelRejected', false],
  [425, 'ModelUnavailable', true],
  [429, 'ModelUnavailable', true],
  [500, 'ModelUnavailable', true],
  [502, 'ModelUnavailable', true],
  [503, 'ModelUnavailable', true],
  [504, 'ModelUnavailable', true],
  [529, 'ModelUnavailable', true],
])('status %i', (status, type, retryable) => {
  const failure = failureOf(status, {}, said({ message: 'Because.' }));
  expect(failure).toMatchObject({ type, nonRetryable: !retryable, details: [{ status }] });
  expect(failure.message).toBe(`The model server answered ${status}: Because.`);
});

test.each([
  [500, 'false', 'ModelRejected', true],
  [429, 'false', 'ModelRejected', true],
  [400, 'true', 'ModelUnavailable', false],
  [500, 'true', 'ModelUnavailable', false],
])('status %i with x-should-retry: %s', (status, told, type, nonRetryable) => {
  expect(failureOf(status, { 'x-should-retry': told }, '')).toMatchObject({ type, nonRetryable });
});

test.each<[string, Record<string, string>, number | undefined]>([
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['parts of a second', { 'retry-after': '0.5' }, 500],
  ['milliseconds, which win', { 'retry-after': '7', 'retry-after-ms': '1200' }, 1_200],
  ['more than ten minutes', { 'retry-after': '86400' }, 600_000],
  ['nothing', {}, undefined],
  ['nonsense', { 'retry-after': 'soon' }, undefined],
  ['a time that is past', { 'retry-after': new Date(0).toUTCString() }, undefined],
])('Retry-After: %s', (_, headers, ms) => {
  for (const status of [429, 503]) expect(failureOf(status, headers, '').nextRetryDelay ?? undefined).toBe(ms);
});

test('Retry-After: a date', () => {
  const date = new Date(Date.now() + 90_000).toUTCString();
  const wait = Number(failureOf(429, { 'retry-after': date }, '').nextRetryDelay);
  expect(wait).toBeGreaterThan(60_000);
  expect(wait).toBeLessThanOrEqual(90_000);
});

const LONG = "This model's maximum context length is 32768 tokens. However, ";

test.each<[string, object]>([
  ['vLLM 0.32', { message: `${LONG}your prompt contains at least 32769 input tokens`, param: 'input_tokens' }],
  ['vLLM 0.32, by the field alone', { message: 'Too much.', param: 'input_tokens' }],
  ['vLLM 0.25', { message: `${LONG}you requested 9 output tokens and your prompt contains 32769 input tokens` }],
  [
    'vLLM 0.16',
    {
      message:
        "You passed 9 input tokens and requested 9 output tokens. However, the model's context length is only 9 tokens",
    },
  ],
  ['vLLM 0.11', { message: `${LONG}your request has 32769 input tokens. Please reduce the length` }],
  ['vLLM 0.11, the limit', { message: "'max_tokens' or 'max_completion_tokens' is too large: 40000." }],
  ['vLLM 0.9', { message: `${LONG}you requested 40000 tokens in the messages` }],
  ['SGLang', { message: "The input (9 tokens) is longer than the model's context length (8 tokens)." }],
  ['OpenAI', { message: 'Your input exceeds the context window of this model.', code: 'context_length_exceeded' }],
  ['Anthropic', { message: 'prompt is too long: 208310 tokens > 200000 maximum', type: 'invalid_request_error' }],
  [
    'Anthropic, with the limit',
    { message: 'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000' },
  ],
  ['Model Studio', { message: 'Range of input length should be [1, 129024]', code: 'invalid_parameter_error' }],
  ['GLM', { message: 'Prompt exceeds max length', code: '1261' }],
  ['Ark', { message: 'Total tokens of image and text exceed max message tokens.' }],
])('overflow in the words of %s', (_, error) => {
  expect(failureOf(400, {}, said(error))).toMatchObject({ type: 'ContextOverflow', nonRetryable: true });
  // The words alone are none: an overloaded server may quote them.
  expect(failureOf(500, {}, said(error)).type).toBe('ModelUnavailable');
});

test('a limit larger than the model’s whole context is a request to mend, not an overflow', () => {
  const error = { message: 'max_tokens=40000 cannot be greater than max_model_len=32768.', param: 'max_tokens' };
  expect(failureOf(400, {}, said(error)).type).toBe('ModelRejected');
});

const variables = { url: 'THE_URL', model: 'THE_MODEL', apiKey: 'THE_KEY' };

test('a refusal names the variable to mend', () => {
  const unknown = said({ message: 'The model `nope` does not exist.', code: 404 });
  for (const status of [401, 403]) {
    const { message } = failureOf(status, {}, said({ message: 'No.' }), { variables });
    expect(message).toBe(`The model server refused the key (${status}); check THE_KEY.`);
  }
  expect(failureOf(404, {}, unknown, { variables }).message).toBe(
    'The model server answered 404: The model `nope` does not exist. Check THE_MODEL and THE_URL.',
  );
  expect(failureOf(401, {}, '').message).toContain('LLM_SERVER_API_KEY');
  expect(failureOf(404, {}, '').message).toContain('LLM_SERVER_MODEL_NAME');
});

test.each([
  ['{"error":"just words"}', 'just words'],
  ['{"message":"flat"}', 'flat'],
  ['{"detail":"FastAPI says"}', 'FastAPI says'],
  ['plain text', 'plain text'],
  ['{"odd":1}', '{"odd":1}'],
  ['null', 'null'],
  ['', ''],
])('an error body %s', (body, text) => {
  expect(failureOf(418, {}, body).message).toBe(`The model server answered 418: ${text}`);
});

test('a long error is cut', () => {
  expect(failureOf(400, {}, 'x'.repeat(9_000)).message.length).toBeLessThan(600);
});

test.each([
  'deep_research',
  'volcano',
  'azure',
  'aihubmix_claude',
] as const)('%s: an error never holds the key or a header, though the server quotes them', async (format) => {
  const endpoint = { headers: new Secret({ 'x-team': 'team-secret-99' }), variables };
  for (const [status, body] of [
    [400, said({ message: `Bad request by ${KEY} of team-secret-99.` })],
    [500, `Trace: authorization: Bearer ${KEY}, x-team: team-secret-99`],
    [200, `data: ${said({ message: `${KEY} and team-secret-99` })}\n\n`],
    [200, `data: broken ${KEY}\n\n`],
  ] as const) {
    const failure = await ask(format, { status, body }, { endpoint }).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(Error);
    const { message, stack } = failure as Error;
    expect(`${message} ${stack} ${JSON.stringify(failure)}`).not.toMatch(/key-4711|team-secret-99/);
  }
});

test('a connection that cannot be made keeps its code, which the fleet judges by', async () => {
  const refused = ask('azure', '', { endpoint: { url: 'http://127.0.0.1:1' } });
  await expect(refused).rejects.toMatchObject({
    type: 'ModelUnavailable',
    nonRetryable: false,
    details: [{ code: 'ECONNREFUSED' }],
  });
});

test('a server that is silent for too long is given up', async () => {
  const silence = { first: 150, next: 150 };
  const { createServer } = await import('node:http');
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  try {
    const hanging = ask('volcano', '', { endpoint: { url: `http://127.0.0.1:${port}`, silence } });
    await expect(hanging).rejects.toMatchObject({ details: [{ code: 'UND_ERR_HEADERS_TIMEOUT' }] });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a key that no header can carry is final', async () => {
  const endpoint = { apiKey: new Secret('two\nlines') };
  const failure = await ask('volcano', '', { endpoint }).catch((error: Error) => error);
  expect(failure).toMatchObject({ type: 'ModelRejected', nonRetryable: true });
  expect((failure as Error).message).not.toContain('lines');
  expect(connectionFailure('why').message).toBe('The model server could not be used: why');
});
