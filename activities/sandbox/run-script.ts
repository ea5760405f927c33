import type { ToolCallOutput } from '../../protocol/tool-call.ts';
import type { ToolContext } from '../tools/tool.ts';
import { commandText } from './command-text.ts';
import type { Language, Sandbox, SandboxLimits } from './sandbox.ts';
import { stopMeansKill } from './stop-reason.ts';

export interface ScriptOptions {
  /** Of this tool's commands, before the sandbox's own. */
  limits?: Partial<SandboxLimits>;
  /** Default: only Temporal's request to cancel stops the command. */
  stopMeansKill?: (reason: unknown) => boolean;
}

/** What both code tools do. Rejects with the signal's reason when the call was aborted. */
export async function runScript(
  sandbox: Sandbox,
  language: Language,
  script: string,
  context: ToolContext,
  options: ScriptOptions,
): Promise<ToolCallOutput> {
  const outcome = await sandbox.run(
    {
      callId: context.callId,
      workspace: context.workspace,
      language,
      script,
      limits: options.limits,
      owner: context.owner,
    },
    { signal: context.signal, stopMeansKill: options.stopMeansKill ?? stopMeansKill },
  );
  // A command that came to its end before the abort reached it has a result worth keeping.
  if (outcome.outcome === 'killed') context.signal.throwIfAborted();
  return commandText(outcome);
}
