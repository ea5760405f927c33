import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Prepared, PreparedWorkspace, PrepareInput } from '../../protocol/activities.ts';
import type { ToolProtocol } from '../../protocol/messages.ts';
import { FAILURE } from '../../protocol/names.ts';
import { EFFECTFUL_TOOLS, usesWorkspace, WORKSPACE_TOOLS } from '../../protocol/tool-call.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { SkillFolders } from '../skills/find-skills.ts';
import type { ServedTool } from '../tools/served-tool.ts';
import type { FetchFile } from '../web/web-files.ts';
import type { Kept } from '../workspace/keep.ts';
import { claimWorkspace, disown } from '../workspace/owner.ts';
import type { SessionFiles } from '../workspace/session-files.ts';
import { TooLarge } from '../workspace/snapshot/scan.ts';
import { ensureWorkspace, removeWorkspace } from '../workspace/workspace.ts';
import { corpusMark } from './marked-corpus.ts';
import { hasSessionAttributes, searchAttributesOf } from './search-attributes.ts';
import { sessionSkills } from './session-skills.ts';
import { sessionWorkspace } from './session-workspace.ts';
import { stageFiles } from './stage-files.ts';
import { systemPrompt } from './system-prompt.ts';

export interface PrepareOptions extends SkillFolders {
  /** Absolute folders of documents; the first is the default. */
  corpora: string[];
  filesDir?: string;
  tools: ServedTool[];
  /** How the worker's model servers carry calls. */
  protocol: ToolProtocol;
  queues: Prepared['queues'];
  kept: Kept;
  files: SessionFiles;
  /** Absent where web addresses are not opened. */
  fetchFile?: FetchFile;
  /** A host that does not take a call within this time is taken for gone. */
  hostLostSeconds?: number;
}

/** A worker that is started again is back sooner; a session whose host is gone waits for no more than that. */
const HOST_LOST_SECONDS = 60;

/** The activity `prepare`: settles once what depends on this worker and on the day. */
export function makePrepare(options: PrepareOptions) {
  return (input: PrepareInput): Promise<Prepared> =>
    withHeartbeat(async () => {
      const workspace = sessionWorkspace(Context.current().info);
      try {
        return await prepare(input, workspace);
      } catch (error) {
        // Refused for good: the session ends without ever asking this host again.
        if (error instanceof ApplicationFailure && error.nonRetryable) {
          await removeWorkspace(options.stateDir, workspace);
          disown(options.stateDir, workspace);
        }
        throw error;
      }
    });

  async function prepare(input: PrepareInput, workspace: string): Promise<Prepared> {
    const { client, cancellationSignal: signal } = Context.current();
    const corpus = await corpusOf(input.corpus, options);
    const tools = toolsOf(input, options.tools, corpus !== undefined);
    await claimWorkspace(options.stateDir, workspace);
    const folder = await ensureWorkspace(options.stateDir, workspace);
    const skills = await sessionSkills(input.skills, folder, options);
    const names = await stageFiles(input.files, folder, { ...options, signal });
    const attached = names.length ? `\n\nAttached files:\n${names.map((name) => `* ${name}`).join('\n')}` : '';
    const snapshot = await saved(options.files, workspace);
    const native = options.protocol === 'native';
    const schemas = tools.map((tool) => tool.schemas[options.protocol]);
    return {
      systemPrompt: systemPrompt(native ? 'native' : schemas, new Date().toISOString().slice(0, 10), {
        given: input.systemPrompt,
        skills,
        givesFiles: tools.some(({ name }) => EFFECTFUL_TOOLS.has(name)),
      }),
      opening: `${input.question}${attached}`,
      tools: tools.map(({ name }) => name),
      effectful: tools.filter(({ effectful }) => effectful).map(({ name }) => name),
      protocol: options.protocol,
      ...(native ? { schemas } : {}),
      session: {
        workspace,
        ...(corpus ? { corpus } : {}),
        ...(input.sharedSearches === undefined ? {} : { sharedSearches: input.sharedSearches }),
      },
      workspace: {
        snapshot,
        ...workspaceAt(
          tools.map(({ name }) => name),
          options,
        ),
      },
      queues: options.queues,
      searchAttributes: hasSessionAttributes(await searchAttributesOf(client)),
    };
  }
}

const refused = (message: string) =>
  ApplicationFailure.nonRetryable(`Invalid input: ${message}.`, FAILURE.invalidInput);

/** Where the calls of these tools go, as far as they need the workspace. */
export const workspaceAt = (
  tools: string[],
  { files, queues, hostLostSeconds = HOST_LOST_SECONDS }: PrepareOptions,
): Omit<PreparedWorkspace, 'snapshot'> => ({
  ...files.here,
  tools: tools.filter((name) => usesWorkspace(name) && isAtHosts(name, queues)),
  lostAfterSeconds: hostLostSeconds,
});

/** A tool of one's own stays with its limit, and with the workers that serve it where those are others than the hosts. */
const isAtHosts = (name: string, { sandbox, tools = {} }: Prepared['queues']): boolean =>
  WORKSPACE_TOOLS.has(name) || (sandbox === undefined && !(name in tools));

export async function saved(files: SessionFiles, workspace: string): Promise<string> {
  try {
    return await files.save(workspace);
  } catch (error) {
    throw error instanceof TooLarge ? refused(`files: ${error.message}`) : error;
  }
}

async function corpusOf(
  asked: string | undefined,
  { corpora, stateDir }: Pick<PrepareOptions, 'corpora' | 'stateDir'>,
): Promise<string | undefined> {
  if (asked === undefined) return corpora[0];
  const folder = await realpath(resolve(asked)).catch(() => resolve(asked));
  if (corpora.includes(folder) || existsSync(corpusMark(stateDir, folder))) return folder;
  throw refused(
    `corpus: this worker does not serve "${asked}"; it serves ${corpora.join(', ') || 'none'} (DEEP_RESEARCH_CORPUS_DIR)`,
  );
}

function toolsOf(input: PrepareInput, servable: ServedTool[], corpus: boolean): ServedTool[] {
  const offered = servable.filter(({ only }) => only !== (corpus ? 'without-corpus' : 'with-corpus'));
  const names = offered.map(({ name }) => name);
  for (const [field, asked] of [['tools', input.tools ?? []] as const, ['approve', input.approve] as const]) {
    const unknown = asked.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw refused(`${field}: this worker cannot serve "${unknown}"; it can serve ${names.join(', ') || 'none'}`);
    }
  }
  return input.tools ? offered.filter(({ name }) => input.tools?.includes(name)) : offered;
}
