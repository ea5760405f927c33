import type { Sandbox } from './sandbox.ts';

export interface IdleSandbox extends Sandbox {
  /** Ends what is held for all workspaces. */
  close(): Promise<void>;
}

/**
 * Ends what is held for a workspace when nothing has run in it for a while: for callers that are not told when a
 * session is over. The next command gets a new container with the same files.
 */
export function endIdle(sandbox: Sandbox, idleMs: number): IdleSandbox {
  const used = new Map<string, { running: number; timer?: NodeJS.Timeout }>();

  async function end(workspace: string): Promise<void> {
    clearTimeout(used.get(workspace)?.timer);
    used.delete(workspace);
    await sandbox.end?.(workspace);
  }

  return {
    supports: (language) => sandbox.supports(language),
    async run(command, context) {
      const { workspace } = command;
      const state = used.get(workspace) ?? { running: 0 };
      used.set(workspace, state);
      clearTimeout(state.timer);
      state.running += 1;
      try {
        return await sandbox.run(command, context);
      } finally {
        state.running -= 1;
        if (state.running === 0 && used.get(workspace) === state) {
          // What cannot be ended now is tried again after the next command.
          state.timer = setTimeout(() => void end(workspace).catch(() => {}), idleMs).unref();
        }
      }
    },
    end,
    async close() {
      await Promise.allSettled([...used.keys()].map(end));
    },
  };
}
