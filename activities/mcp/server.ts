import type { CallToolResult } from '@modelcontextprotocol/client';
import { log } from '../log.ts';
import { steadyNow } from '../steady-now.ts';
import { untilAborted } from '../web/until-aborted.ts';
import { connect, type McpConnection, Unreachable } from './connection.ts';
import { endOf, reasonOf } from './failure.ts';
import type { McpServerSettings } from './settings.ts';
import type { ToolList } from './tool-list.ts';

/** A server that could not be started is not started again before this. */
const PAUSE_MS = 3_000;

/** Why a call has no result. The message is the end of a sentence. */
export class CallFailed extends Error {
  override name = 'CallFailed';
  /** Whether the server may have done what the call asked for; else it surely has not. */
  readonly maybeDone: boolean;
  /** Whether the same call may go well a little later. */
  readonly passing: boolean;

  constructor(message: string, { maybeDone = false, passing = false }: { maybeDone?: boolean; passing?: boolean }) {
    super(message);
    this.maybeDone = maybeDone;
    this.passing = passing;
  }
}

/** An MCP server that is started, or connected to, anew when it is gone. */
export class McpServer {
  readonly settings: McpServerSettings;
  readonly #version: string;
  #connection: McpConnection | undefined;
  #connecting: Promise<McpConnection> | undefined;
  #failure: { error: Unreachable; at: number } | undefined;

  constructor(settings: McpServerSettings, version: string) {
    this.settings = settings;
    this.#version = version;
  }

  /** @throws Unreachable */
  async tools(): Promise<ToolList> {
    const connection = await this.#connected();
    let listed: ToolList | undefined;
    try {
      listed = await connection.tools();
    } catch (error) {
      throw new Unreachable(`its list of tools cannot be had: ${reasonOf(error, this.settings)}`, {
        cause: error,
        lastWords: connection.lastWords(),
      });
    }
    if (!listed?.tools.length) throw new Unreachable('it has no tools');
    return listed;
  }

  /**
   * Calls a tool. A call that surely was not made is made once more over a new connection, and so is one that may
   * have been where `repeatable` says that it does no harm.
   *
   * @throws CallFailed, or the reason of `signal` when that aborts
   */
  async call(
    name: string,
    args: Record<string, unknown>,
    { signal, repeatable, beforeSending }: { signal: AbortSignal; repeatable: boolean; beforeSending(): Promise<void> },
  ): Promise<CallToolResult> {
    for (let attempt = 1; ; attempt += 1) {
      const connection = await this.#ready(signal);
      await beforeSending();
      try {
        return await connection.call(name, args, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const end = endOf(error);
        const reason = reasonOf(error, this.settings);
        if (end === 'answered') throw new CallFailed(reason, {});
        if (end === 'busy') throw new CallFailed(reason, { passing: true });
        // Whatever it is, the next call gets a new connection.
        connection.retire();
        this.#log(reason, connection.lastWords());
        const maybeDone = end === 'unknown';
        if (attempt > 1 || (maybeDone && !repeatable)) throw new CallFailed(reason, { maybeDone, passing: true });
      }
    }
  }

  /** Ends the server's process or session; the next call would start it again. */
  async close(): Promise<void> {
    await this.#connecting?.catch(() => {});
    await this.#connection?.close();
  }

  async #ready(signal: AbortSignal): Promise<McpConnection> {
    try {
      return await untilAborted(this.#connected(), signal);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      throw new CallFailed(error.message, { passing: true });
    }
  }

  /** The connection there is, or a new one; calls that want one at once share it. */
  async #connected(): Promise<McpConnection> {
    if (this.#connection?.open()) return this.#connection;
    if (this.#failure && steadyNow() - this.#failure.at < PAUSE_MS) throw this.#failure.error;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<McpConnection> {
    try {
      this.#connection = await connect(this.settings, this.#version);
      return this.#connection;
    } catch (error) {
      const failure = error as Unreachable;
      // The first start's failure ends the worker with these words.
      if (this.#connection) this.#log(failure.message, failure.lastWords);
      this.#failure = { error: failure, at: steadyNow() };
      throw error;
    }
  }

  /** For people: a model is not told what a process wrote for its own log. */
  #log(reason: string, lastWords: string): void {
    const words = lastWords ? `; its last words: ${lastWords}` : '';
    log.warn(`The MCP server "${this.settings.name}": ${reason}${words}`);
  }
}
