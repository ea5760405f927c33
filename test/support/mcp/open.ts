import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callRecords } from '../../../activities/lookup/recorded.ts';
import { type McpServers, openMcpServers } from '../../../activities/mcp/index.ts';
import { makeTools, takenNames } from '../../../activities/tools/all-tools.ts';
import type { ServedTool } from '../../../activities/tools/served-tool.ts';
import { ensureWorkspace } from '../../../activities/workspace/workspace.ts';
import { readConfiguration } from '../../../worker/configuration/index.ts';

const SERVER = fileURLToPath(new URL('stdio.ts', import.meta.url));

/** The tests' server as a process. */
export const STDIO = { command: process.execPath, args: [SERVER] };

/** As a worker reads them. */
export const settingsOf = (mcpServers: Record<string, unknown>, env: NodeJS.ProcessEnv = {}) =>
  readConfiguration({ DEEP_RESEARCH_MCP_SERVERS: JSON.stringify({ mcpServers }), ...env }, { needsModel: false })
    .mcpServers;

export interface OpenTools extends McpServers {
  names: string[];
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { callId?: string; signal?: AbortSignal },
  ): ReturnType<ServedTool['call']>;
  workspace: string;
  /** The lines of the server's log. */
  log(): string[];
}

/** Servers as a worker opens them, with their tools. */
export async function openTools(servers: Record<string, Record<string, unknown>>, seconds = 60): Promise<OpenTools> {
  const stateDir = mkdtempSync(join(tmpdir(), 'mcp-tools-'));
  const logFile = join(stateDir, 'log');
  const withLog = Object.entries(servers).map(([name, server]) => [
    name,
    server.command ? { ...server, env: { MCP_TEST_LOG: logFile, ...(server.env as object) } } : server,
  ]);
  const opened = await openMcpServers(settingsOf(Object.fromEntries(withLog)), {
    taken: takenNames().keys(),
    version: 'test',
  });
  const all = await makeTools({ stateDir, ownTools: opened.tools, toolSeconds: seconds });
  const workspace = await ensureWorkspace(stateDir, 'w');
  let calls = 0;
  return {
    ...opened,
    workspace,
    names: opened.tools.map(({ name }) => name),
    call(name, args = {}, { callId, signal = new AbortController().signal } = {}) {
      calls += 1;
      const tool = all.find((one) => one.name === name);
      if (!tool) throw new Error(`There is no tool ${name}.`);
      const id = callId ?? `r1c${calls}`;
      return tool.call(args, { callId: id, recorded: callRecords(stateDir, 'w', id), signal, workspace });
    },
    log: () => {
      try {
        return readFileSync(logFile, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    },
    async close() {
      await opened.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
