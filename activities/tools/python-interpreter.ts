import { z } from 'zod';
import { runScript, type ScriptOptions } from '../sandbox/run-script.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Tool } from './tool.ts';

/** Runs Python code as a script in the session's workspace: only what it prints comes back. */
export function makePythonTool(sandbox: Sandbox, options: ScriptOptions = {}): Tool<{ code: string }> {
  return {
    name: 'PythonInterpreter',
    arguments: z.object({ code: z.string().refine((text) => text.trim() !== '', 'The code is empty.') }),
    run: ({ code }, context) => runScript(sandbox, 'python', code, context, options),
  };
}
