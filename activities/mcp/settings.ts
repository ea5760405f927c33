import type { Secret } from '../secret.ts';

/** An MCP server whose tools a worker serves. */
export interface McpServerSettings {
  /** Ours for it; stands before names of tools that would clash. */
  name: string;
  /** How it is reached: a process that is started, or an address. */
  transport: McpProcess | McpAddress;
  /** The only ones of its tools that are served. Default: all. */
  tools?: readonly string[];
  /** Its tools change nothing, whatever it says of them. */
  readOnly?: boolean;
  /** Longest call. Default: as for all tools. */
  timeoutSeconds?: number;
  /** Values that no log and no error may show. */
  hidden: Secret<readonly string[]>;
}

export interface McpProcess {
  kind: 'process';
  command: string;
  args: Secret<string[]>;
  /** Beside the few variables that every program needs. */
  env: Secret<Record<string, string>>;
  /** Default: the worker's. */
  cwd?: string;
}

/** Streamable HTTP. */
export interface McpAddress {
  kind: 'address';
  url: Secret;
  /** The address without what may be secret. */
  shown: string;
  headers: Secret<Record<string, string>>;
}

/** A text without the server's secrets. */
export function withoutSecrets(text: string, { hidden }: McpServerSettings): string {
  return hidden.reveal().reduce((shown, value) => shown.replaceAll(value, '[secret]'), text);
}
