import { join } from 'node:path';
import { TOOL_NAMES } from '../../protocol/tool-call.ts';
import type { Store } from '../../store/store.ts';
import { makeCache } from '../cache/cache.ts';
import { type Cache, type CacheSettings, noCache, openCache } from '../cache/index.ts';
import { containedReader } from '../documents/contained-reader.ts';
import type { Fleet } from '../inference/fleet/index.ts';
import { log } from '../log.ts';
import type { Providers } from '../providers/configured.ts';
import type { SearchKind } from '../providers/provider.ts';
import { readForGoal } from '../reading/read-for-goal.ts';
import { openSandbox, type SandboxOptions } from '../sandbox/index.ts';
import { DEFAULT_LIMITS, type Sandbox } from '../sandbox/sandbox.ts';
import type { ToolServiceSettings } from '../tool-service/service-tool.ts';
import { withService } from '../tool-service/with-service.ts';
import type { TranscriptionSettings } from '../transcription/settings.ts';
import { transcriber } from '../transcription/transcriber.ts';
import { imageReader } from '../vision/describe-image.ts';
import { webFiles } from '../web/web-files.ts';
import { type WebSettings, webPages } from '../web/web-pages.ts';
import { makeBashTool } from './bash.ts';
import { makeScholarTool } from './google-scholar.ts';
import { makeImageSearchTool } from './image-search.ts';
import type { OwnTool } from './own-tool.ts';
import { makeParseFileTool } from './parse-file.ts';
import { makePythonTool } from './python-interpreter.ts';
import { makeSearchTool } from './search.ts';
import { builtIn, type ServedTool } from './served-tool.ts';
import { type VisionToolsOptions, visionTools } from './vision-tools.ts';
import { makeVisitTool } from './visit.ts';
import { openWebPage } from './visit-web-page.ts';
import { webSearches } from './web-search.ts';

export interface ToolsOptions extends SandboxOptions {
  /** Folder for workspaces, call records and the index of documents. */
  stateDir: string;
  /** Where code and commands run. Default: as the options for one say. */
  sandbox?: Sandbox;
  /** Longest call of a tool. Default 1,800. */
  toolSeconds?: number;
  /** How pages of the web are opened; without it they are not. */
  web?: WebSettings;
  /** The model servers that tools may ask. */
  fleet?: Fleet;
  /** How images and videos are shown to model servers with the role `vision`. */
  vision?: VisionToolsOptions['vision'];
  /** What writes down what is said in recordings. Without it they cannot be read. */
  transcription?: TranscriptionSettings;
  /** What is searched with, beside folders of documents. Default: nothing. */
  providers?: Providers;
  /** Of what look-ups bring, over all sessions. Default: nothing is kept. */
  cache?: CacheSettings;
  /** Where sessions that share their searches find them. Default: they share nothing. */
  shared?: Store;
  /** A tool service that serves some of the nine in our place. */
  toolService?: ToolServiceSettings;
  /** Tools beside the nine. */
  ownTools?: readonly OwnTool[];
}

/** The workflow gives an activity 40 minutes; its last minutes are for finding a command again after a crash. */
const MOST_SECONDS = 2_100;

/** What the tools keep over sessions, where the options say so. */
export const cacheOf = ({ cache, stateDir }: ToolsOptions): Cache =>
  cache ? openCache(cache, stateDir, { onProblem: log.warn }) : noCache;

/** What was recorded for sessions by name is given whatever its age; the store removes it some day. */
const sharedCache = (store: Store): Cache =>
  makeCache(store, { maxAgeMs: Number.POSITIVE_INFINITY, onProblem: log.warn });

/** All tools that this worker can serve, in the order of the prompt. */
export async function makeTools(options: ToolsOptions, cache: Cache = cacheOf(options)): Promise<ServedTool[]> {
  const { stateDir, ownTools = [] } = options;
  const seconds = Math.min(options.toolSeconds ?? 1_800, MOST_SECONDS);
  const corpusStateDir = join(stateDir, 'corpus');
  const { web, scholar, images, chosen } = webSearches(
    options.providers,
    cache,
    options.shared && sharedCache(options.shared),
  );
  // A session with documents of its own asks strangers only where somebody has chosen them.
  const rule = (kind: SearchKind) => (chosen.includes(kind) ? undefined : 'without-corpus');
  const { read: readContained } = containedReader();
  const openPage = options.web && webPages(options.web, { read: readContained, cache });
  const read = options.web?.readByModel && options.fleet ? readForGoal(options.fleet, cache) : undefined;
  const sandbox = options.sandbox ?? openSandbox(options);
  const limits = { wallSeconds: Math.min(DEFAULT_LIMITS.wallSeconds, seconds) };
  const eyes = imageReader(options.fleet, options.vision);
  const own: ServedTool[] = [
    builtIn(
      makeSearchTool({ corpusStateDir, web, webBesideCorpus: chosen.includes('web') }),
      web ? undefined : 'with-corpus',
    ),
    ...(scholar ? [builtIn(makeScholarTool(scholar), rule('scholar'))] : []),
    ...(images ? [builtIn(makeImageSearchTool(images), rule('images'))] : []),
    builtIn(
      makeVisitTool({ corpusStateDir, ...(openPage && { openWebPage: openWebPage(openPage, read) }) }),
      openPage ? undefined : 'with-corpus',
    ),
    builtIn(
      makeParseFileTool({
        read: readContained,
        ...(openPage && { openPage }),
        ...(options.web && { fetchFile: webFiles(options.web) }),
        ...(options.transcription && { transcribe: transcriber(options.transcription, { cache }) }),
        ...(eyes && { images: eyes }),
      }),
    ),
    ...((await sandbox.supports('python')) ? [builtIn(makePythonTool(sandbox, { limits }))] : []),
    ...((await sandbox.supports('bash')) ? [builtIn(makeBashTool(sandbox, { limits }))] : []),
    ...(await visionTools(options, { seconds })),
  ];
  refuseDoubles(ownTools);
  const nine = options.toolService ? withService(own, options.toolService, { seconds }) : own;
  return [...nine, ...ownTools.map((tool) => tool.serve({ seconds }))];
}

/** Names that a call could not tell apart, or that are activities of the session itself. */
const TAKEN = [...TOOL_NAMES, 'execute_code', 'python_interpreter', 'prepare', 'infer', 'conclude', 'unreadable'];

/** The names that no further tool may have, in lower case, each with the reason. */
export function takenNames(tools: readonly OwnTool[] = []): Map<string, string> {
  return new Map([
    ...TAKEN.map((name) => [name.toLowerCase(), `${name} is a name of this program's own`] as const),
    ...tools.map(({ name }) => [name.toLowerCase(), `there is a tool ${name} already`] as const),
  ]);
}

function refuseDoubles(tools: readonly OwnTool[]): void {
  for (const [index, { name }] of tools.entries()) {
    const taken = takenNames(tools.slice(0, index)).get(name.toLowerCase());
    if (taken) throw new Error(`Tool "${name}": ${taken}; give it another name.`);
  }
}
