import { join } from 'node:path';
import type { Prepared, SessionActivities, ToolActivity } from '../protocol/activities.ts';
import type { ToolName } from '../protocol/tool-call.ts';
import { type Endpoint, protocolOf } from './inference/endpoint.ts';
import { makeFleet } from './inference/fleet/index.ts';
import { makeInfer } from './inference/infer.ts';
import { bashAvailable, pythonAvailable } from './sandbox/interpreters.ts';
import { subprocessSandbox } from './sandbox/subprocess-sandbox.ts';
import { makeConclude } from './session/conclude.ts';
import { makePrepare } from './session/prepare.ts';
import { makeBashTool } from './tools/bash.ts';
import { makeParseFileTool } from './tools/parse-file.ts';
import { makePythonTool } from './tools/python-interpreter.ts';
import { makeSearchTool } from './tools/search.ts';
import { toolActivity } from './tools/tool-activity.ts';
import { makeVisitTool } from './tools/visit.ts';
import { openWebPage } from './tools/visit-web-page.ts';
import { type WebSettings, webPages } from './web/web-pages.ts';

export interface ActivityOptions {
  /** Folder for workspaces, call records and the index of documents. */
  stateDir: string;
  corpora: string[];
  filesDir?: string;
  endpoints: Endpoint[];
  queues: Prepared['queues'];
  /** How pages of the web are opened; without it they are not. */
  web?: WebSettings;
}

/** All activities of a worker: the session's own, and each tool it can serve under its model-facing name. */
export async function makeActivities(
  options: ActivityOptions,
): Promise<SessionActivities & Partial<Record<ToolName, ToolActivity>>> {
  const { stateDir } = options;
  const fleet = makeFleet(options.endpoints);
  const corpusStateDir = join(stateDir, 'corpus');
  const sandbox = subprocessSandbox({ stateDir });
  const openPage = options.web && webPages(options.web);
  const tools: Partial<Record<ToolName, ToolActivity>> = {
    search: toolActivity(makeSearchTool({ corpusStateDir }), stateDir),
    visit: toolActivity(
      makeVisitTool({ corpusStateDir, ...(openPage && { openWebPage: openWebPage(openPage) }) }),
      stateDir,
    ),
    parse_file: toolActivity(makeParseFileTool(openPage), stateDir),
    ...((await pythonAvailable()) ? { PythonInterpreter: toolActivity(makePythonTool(sandbox), stateDir) } : {}),
    ...((await bashAvailable()) ? { bash: toolActivity(makeBashTool(sandbox), stateDir) } : {}),
  };
  const servable = Object.keys(tools) as ToolName[];
  return {
    prepare: makePrepare({
      ...options,
      servable,
      needCorpus: openPage ? ['search'] : ['search', 'visit'],
      protocol: protocolOf(
        options.endpoints.find(({ roles }) => roles.includes('research'))?.format ?? 'deep_research',
      ),
    }),
    infer: makeInfer(fleet),
    conclude: makeConclude(stateDir),
    ...tools,
  };
}
