import type { ModelSettings } from '../../protocol/input.ts';
import type { Call, Reply } from '../../protocol/reply.ts';
import type { ToolSchema } from '../../protocol/tool-schemas.ts';
import type { Endpoint } from './endpoint.ts';
import type { ModelMessage } from './media.ts';

/** What a reply has come to so far. The adapter adds to it while it streams; heartbeats carry it. */
export interface Generated {
  /** Text as it came, without reasoning that came apart from it. */
  text: string;
  reasoning: string;
  /** Ids of the tokens so far, where the server gives them. */
  tokenIds?: number[];
}

/** One model call, whatever the API. */
export interface ModelRequest {
  endpoint: Endpoint;
  messages: ModelMessage[];
  model: ModelSettings;
  /** Offered to the model in APIs with native tool calls; the text protocol has them in its system prompt. */
  tools: ToolSchema[];
  /** Sent as the session-affinity header; the same for all calls of a session. */
  sessionId: string;
  /** Sent as `X-Request-Id`; the same for every attempt of a call. */
  requestId: string;
  /** Aborting closes the connection, which frees the server at once. */
  signal: AbortSignal;
  /** Called when the first of the answer is there: the call no longer waits in the server's queue. */
  onBegin?: () => void;
  generated: Generated;
}

/** A reply before the text protocol's calls are read from it; native APIs give `calls` themselves. */
export type RawReply = Omit<Reply, 'calls'> & { calls?: Call[] };

/** Speaks one API: makes the request, streams the answer into `generated`, and maps failures (`failure.ts`). */
export type Adapter = (request: ModelRequest) => Promise<RawReply>;
