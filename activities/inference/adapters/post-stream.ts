import { ApplicationFailure } from '@temporalio/common';
import { createParser } from 'eventsource-parser';
import { request } from 'undici';
import type { ModelRequest } from '../adapter.ts';
import { affinityHeaders } from '../affinity.ts';
import { apiUrl, endpointHeaders, SILENCE_MS } from '../endpoint.ts';
import { connectionFailure, failureOf } from '../failure.ts';
import { encodeBody } from './encode-body.ts';

export type Fields = Record<string, unknown>;

export interface StreamRequest {
  path: string;
  body: Fields;
  headers?: Record<string, string>;
}

/**
 * Sends a request and gives every object of the streamed answer to `onData`, or the one object of a server that does
 * not stream. Resolves to whether the stream said that it is done. What `onData` throws ends the request.
 */
export async function postStream(
  call: ModelRequest,
  { path, body, headers }: StreamRequest,
  onData: (data: Fields) => void,
): Promise<boolean> {
  const { endpoint, signal } = call;
  const encoded = encodeBody(body);
  let done = false;
  const give = (json: string) => {
    call.onBegin?.();
    const data = parse(json);
    if (data === undefined) {
      throw connectionFailure(`a part of the reply is no JSON object: ${json.slice(0, 80)}`, endpoint);
    }
    onData(data);
  };
  try {
    const response = await request(apiUrl(endpoint, path), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': call.requestId,
        ...affinityHeaders(endpoint, call.sessionId),
        ...headers,
        ...endpointHeaders(endpoint),
      },
      body: encoded.bytes,
      signal,
      headersTimeout: endpoint.silence?.first ?? SILENCE_MS.first,
      bodyTimeout: endpoint.silence?.next ?? SILENCE_MS.next,
    });
    if (response.statusCode !== 200) {
      throw failureOf(response.statusCode, response.headers, await response.body.text(), endpoint);
    }
    if (/json/.test(String(response.headers['content-type'] ?? ''))) {
      give(await response.body.text());
      return true;
    }
    const parser = createParser({
      onEvent: ({ data }) => {
        if (data.trim() === '[DONE]') done = true;
        else if (data.trim() !== '') give(data);
      },
    });
    const decoder = new TextDecoder();
    for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
    return done;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ApplicationFailure) throw error;
    // A connection that breaks after the end has broken nothing.
    if (done) return true;
    throw connectionFailure(error, endpoint);
  } finally {
    encoded.done();
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field that holds an object; `{}` where it does not. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

function parse(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
