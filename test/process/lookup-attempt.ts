/** What a worker does for one call of `search`, as a process to be killed: `node lookup-attempt.ts <settings>`. */
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { makeActivities } from '../../activities/index.ts';
import { providersFrom } from '../../activities/providers/configured.ts';

export interface Attempt {
  stateDir: string;
  /** Of a provider that answers as Serper does. */
  url: string;
  query: string[];
}

const { stateDir, url, query } = JSON.parse(process.argv[2] ?? '') as Attempt;
const providers = providersFrom(
  { SERPER_API_KEY: 'key', DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper' },
  { baseUrls: { serper: url } },
);
const { search } = await makeActivities({ stateDir, corpora: [], endpoints: [], queues: {}, providers });
// Asked whose the workspace is.
const client = {
  connection: { workflowService: { getClusterInfo: async () => ({ clusterId: 'test' }) } },
  options: { namespace: 'default' },
  withAbortSignal: (_: AbortSignal, work: () => unknown) => work(),
} as unknown as Client;
const output = await new MockActivityEnvironment({}, { client }).run(search!, {
  callId: 'r1c1',
  arguments: { query },
  session: { workspace: 'session' },
});
process.stdout.write(JSON.stringify(output));
