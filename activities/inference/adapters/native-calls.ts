import type { Call } from '../../../protocol/reply.ts';
import type { ToolSchema } from '../../../protocol/tool-schemas.ts';
import { interpret, resolveTool } from '../parse-calls/interpret.ts';
import { excerpt, unknownTool } from '../parse-calls/wording.ts';
import { type Fields, fieldsOf, textOf } from './post-stream.ts';

/** A tool call as an API gives it. */
export interface WrittenCall {
  /** Empty where the server gave none. */
  id: string;
  name: string;
  /** JSON, as it was written. */
  arguments: string;
}

/** Collects tool calls that are streamed in pieces, as chat completions send them. */
export class CallPieces {
  readonly #calls: (WrittenCall & { index?: number })[] = [];

  get list(): readonly WrittenCall[] {
    return this.#calls;
  }

  add(piece: Fields): void {
    const { name, arguments: written } = fieldsOf(piece.function);
    const call = this.#callOf(piece, textOf(name));
    // Some servers repeat the whole name in every piece, others cut it.
    if (textOf(name) !== call.name) call.name += textOf(name);
    call.arguments += typeof written === 'string' || written == null ? (written ?? '') : JSON.stringify(written);
  }

  /** The call a piece belongs to: by index, else by id, else the last one unless the piece begins another. */
  #callOf(piece: Fields, name: string): WrittenCall {
    const id = textOf(piece.id);
    const index = typeof piece.index === 'number' ? piece.index : undefined;
    const last = this.#calls.at(-1);
    const known =
      index !== undefined
        ? this.#calls.findLast((call) => call.index === index)
        : id !== ''
          ? this.#calls.find((call) => call.id === id)
          : name !== '' && last?.arguments
            ? undefined
            : last;
    // A server that counts every call as the first tells them apart by their ids.
    if (known && (id === '' || known.id === '' || known.id === id)) {
      known.id ||= id;
      return known;
    }
    const begun = { id, name: '', arguments: '', ...(index === undefined ? {} : { index }) };
    this.#calls.push(begun);
    return begun;
  }
}

/** The calls of a reply, checked like those of the text protocol. One that cannot be run carries the reason. */
export function nativeCalls(written: readonly WrittenCall[], tools: readonly ToolSchema[]): Call[] {
  const available = tools.map(({ name }) => name);
  const seen = new Set<string>();
  return written.map((call) => {
    const read = readCall(call, available);
    if (call.id === '' || seen.has(call.id)) return read;
    seen.add(call.id);
    return { ...read, nativeId: call.id };
  });
}

function readCall({ name: asWritten, arguments: written }: WrittenCall, available: readonly string[]): Call {
  const name = asWritten.trim();
  const tool = resolveTool(name, available);
  if (tool === undefined) return { name: name || 'unknown', arguments: {}, error: unknownTool(name, available) };
  const call = interpret({ name, arguments: written }, undefined, available);
  if (call.error === undefined) return call;
  const error = `The arguments of this call of ${tool} must be one JSON object, but they are: ${excerpt(written)}`;
  return { name: tool, arguments: {}, error };
}

/** A tool's name as it goes back: APIs refuse what is no name, whoever wrote it. */
export const sentName = (name: string): string => name.replace(/[^\w-]/g, '_').slice(0, 64) || 'unknown';

/** An id as it goes back. Another API's may have more characters than are allowed here. */
export const sentId = (id = ''): string => id.replace(/[^\w-]/g, '_').slice(0, 64);
