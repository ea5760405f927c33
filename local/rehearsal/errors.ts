import type { z } from 'zod';

/** A request that is answered with an error of vLLM's shape. */
export class ApiError extends Error {
  override name = 'ApiError';
  status: number;
  type: string;
  param: string | null;

  constructor(status: number, message: string, type = 'BadRequestError', param: string | null = null) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
  }
}

export const errorBody = ({ message, type, param, status }: ApiError) => ({
  error: { message, type, param, code: status },
});

/** The prompt alone fills the context. vLLM stops counting one past the limit, hence "at least". */
export function promptTooLong(maxModelLen: number): ApiError {
  const atLeast = maxModelLen + 1;
  return new ApiError(
    400,
    `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains at least ${atLeast} ` +
      'input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input ' +
      `prompt. (parameter=input_tokens, value=${atLeast})`,
    'BadRequestError',
    'input_tokens',
  );
}

/** Prompt and requested output together exceed the context. */
export function promptAndOutputTooLong(maxModelLen: number, promptTokens: number, maxTokens: number): ApiError {
  return new ApiError(
    400,
    `This model's maximum context length is ${maxModelLen} tokens. However, you requested ${maxTokens} output tokens ` +
      `and your prompt contains at least ${promptTokens} input tokens, for a total of at least ` +
      `${promptTokens + maxTokens} tokens. Please reduce the length of the input prompt or the number of requested ` +
      `output tokens. (parameter=input_tokens, value=${promptTokens})`,
    'BadRequestError',
    'input_tokens',
  );
}

/** A fault of the request, not of the conversation's length. */
export function maxTokensTooLarge(param: string, maxTokens: number, maxModelLen: number): ApiError {
  return new ApiError(
    400,
    `${param}=${maxTokens} cannot be greater than max_model_len=${maxModelLen}. Please request fewer output tokens. ` +
      `(parameter=${param}, value=${maxTokens})`,
    'BadRequestError',
    param,
  );
}

export const unknownModel = (model: string, served: string): ApiError =>
  new ApiError(404, `The model \`${model}\` does not exist. Valid aliases: ${served}.`, 'NotFoundError', 'model');

/** A body that is no JSON, or lacks a field, in the words of vLLM's validation handler. */
export function invalidBody(error: z.ZodError | SyntaxError): ApiError {
  if (error instanceof SyntaxError) {
    const detail = "{'type': 'json_invalid', 'loc': ('body', 0), 'msg': 'JSON decode error'}";
    return new ApiError(400, `1 validation error:\n  ${detail}`, 'Bad Request', 'body');
  }
  const lines = error.issues.map((issue) => {
    const loc = ['body', ...issue.path].map((part) => (typeof part === 'number' ? part : `'${String(part)}'`));
    return `  {'loc': (${loc.join(', ')}), 'msg': '${issue.message}'}`;
  });
  const label = lines.length === 1 ? 'error' : 'errors';
  const param = ['body', ...(error.issues[0]?.path ?? [])].join('.');
  return new ApiError(400, `${lines.length} validation ${label}:\n${lines.join('\n')}`, 'Bad Request', param);
}
