/** Token counts of one model reply, or of a session. `cached` is the part of `prompt` the server had in its cache. */
export interface Usage {
  prompt: number;
  cached: number;
  completion: number;
}

/** One tool call of a reply. A call that cannot be run carries the sentence the model gets instead of a result. */
export interface Call {
  /** The tool's model-facing name, with aliases resolved; as written where the tool is unknown. */
  name: string;
  arguments: Record<string, unknown>;
  /** Why the call cannot be run (unreadable, unknown tool, missing argument). */
  error?: string;
  /** The provider's own id, for APIs with native tool calls. */
  nativeId?: string;
}

/** The assistant's message, whatever API it came from. */
export interface Reply {
  /** Raw text; with the text protocol it includes `<think>` and the tool calls. */
  text: string;
  /** Reasoning that came apart from the text. */
  reasoning?: string;
  calls: Call[];
  usage: Usage;
  /** `stop`, `length`, `tool_calls`, … as the server said. */
  finishReason: string;
  /** Name of the endpoint that answered. */
  endpoint: string;
  model: string;
  /** Milliseconds from the request to the first token, and to the end. */
  firstTokenMs: number;
  elapsedMs: number;
  /** Opaque items an API wants back with the next request (signed thinking blocks, reasoning items). */
  native?: unknown;
  /** What the request held beside messages and tools (sampling, thinking, extra fields), long values as their length. */
  request?: Record<string, unknown>;
}

export const noUsage = (): Usage => ({ prompt: 0, cached: 0, completion: 0 });

export function addUsage(a: Usage, b: Usage): Usage {
  return { prompt: a.prompt + b.prompt, cached: a.cached + b.cached, completion: a.completion + b.completion };
}
