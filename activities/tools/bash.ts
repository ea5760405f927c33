import { z } from 'zod';
import { runScript, type ScriptOptions } from '../sandbox/run-script.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Tool } from './tool.ts';

/** Runs a shell command in the session's workspace. It keeps nothing from the call before but files. */
export function makeBashTool(sandbox: Sandbox, options: ScriptOptions = {}): Tool<{ command: string }> {
  return {
    name: 'bash',
    arguments: z.object({ command: z.string().refine((text) => text.trim() !== '', 'The command is empty.') }),
    // bash takes the carriage return of a Windows line end for a part of the last word.
    run: ({ command }, context) => runScript(sandbox, 'bash', command.replaceAll('\r\n', '\n'), context, options),
  };
}
