import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Prepared, PrepareInput } from '../../protocol/activities.ts';
import type { ToolProtocol } from '../../protocol/messages.ts';
import { FAILURE, SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import type { SkillFolders } from '../skills/find-skills.ts';
import type { ServedTool } from '../tools/served-tool.ts';
import { ensureWorkspace } from '../workspace/workspace.ts';
import { corpusMark } from './marked-corpus.ts';
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
}

/** The activity `prepare`: settles once what depends on this worker and on the day. */
export function makePrepare(options: PrepareOptions) {
  return async (input: PrepareInput): Promise<Prepared> => {
    const { info, client } = Context.current();
    const corpus = await corpusOf(input.corpus, options);
    const tools = toolsOf(input, options.tools, corpus !== undefined);
    const workspace = sessionWorkspace(info);
    const folder = await ensureWorkspace(options.stateDir, workspace);
    const skills = await sessionSkills(input.skills, folder, options);
    const names = await stageFiles(input.files, folder, options);
    const attached = names.length ? `\n\nAttached files:\n${names.map((name) => `* ${name}`).join('\n')}` : '';
    const native = options.protocol === 'native';
    const schemas = tools.map((tool) => tool.schemas[options.protocol]);
    return {
      systemPrompt: systemPrompt(native ? 'native' : schemas, new Date().toISOString().slice(0, 10), {
        given: input.systemPrompt,
        skills,
      }),
      opening: `${input.question}${attached}`,
      tools: tools.map(({ name }) => name),
      effectful: tools.filter(({ effectful }) => effectful).map(({ name }) => name),
      protocol: options.protocol,
      ...(native ? { schemas } : {}),
      session: { workspace, ...(corpus ? { corpus } : {}) },
      queues: options.queues,
      searchAttributes: await hasSearchAttributes(client),
    };
  };
}

const refused = (message: string) =>
  ApplicationFailure.nonRetryable(`Invalid input: ${message}.`, FAILURE.invalidInput);

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

/** A server may not know our attributes, and may not let a worker ask. */
async function hasSearchAttributes(client: Context['client']): Promise<boolean> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    });
    return [SEARCH_ATTRIBUTE.state, SEARCH_ATTRIBUTE.rounds].every((name) => name in (customAttributes ?? {}));
  } catch {
    return false;
  }
}
