import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from '../../../protocol/names.ts';
import { TOOL_NAMES, WORKSPACE_TOOLS } from '../../../protocol/tool-call.ts';
import { BUILD_ID } from '../../version.ts';
import { byName, choice, count, numberOf, quantity, secret, text, textOr, texts } from '../variable.ts';

export const ROLES = ['workflow', 'inference', 'tools', 'sandbox'] as const;
export type Role = (typeof ROLES)[number];

const readElsewhere = true;

/** Calls that need the session's workspace go to the host that has it. */
export const LIMITABLE = TOOL_NAMES.filter((name) => !WORKSPACE_TOOLS.has(name));

/** Temporal's own variables are read by its envconfig, together with its configuration file. */
export const temporal = {
  TEMPORAL_ADDRESS: text({
    description: 'The Temporal server. `npm start` starts one where it is not set.',
    takes: 'host:port',
    fallback: 'localhost:7233',
    readElsewhere,
  }),
  TEMPORAL_NAMESPACE: text({ description: 'The namespace of the sessions.', fallback: 'default', readElsewhere }),
  TEMPORAL_API_KEY: secret({ description: 'Key of the Temporal server, as in Temporal Cloud.', readElsewhere }),
  TEMPORAL_PROFILE: text({
    description: "Profile of Temporal's configuration file.",
    fallback: 'default',
    readElsewhere,
  }),
  TEMPORAL_CONFIG_FILE: text({
    description: "Temporal's configuration file. Further variables (`TEMPORAL_TLS…`) are those of Temporal's tools.",
    takes: 'a path',
    readElsewhere,
  }),
  TEMPORAL_TASK_QUEUE: textOr(DEFAULT_TASK_QUEUE, {
    description: 'Task queue of the sessions.',
    environmentOnly: true,
  }),
  DEEP_RESEARCH_DEPLOYMENT: text({
    description:
      'Name of the deployment whose version this worker is ([deployments](deployments.md)): sessions stay with the version they began on.',
    fallback: 'none; any worker takes any session',
  }),
  DEEP_RESEARCH_BUILD_ID: text({
    description: 'Id of the version within the deployment. Another for each state of code and configuration.',
    fallback: BUILD_ID,
  }),
  DEEP_RESEARCH_VERSIONING: choice(['pinned', 'auto-upgrade'], 'pinned', {
    description:
      '`pinned`: a session ends on the version it began on. `auto-upgrade`: it moves to the current one, whose code has to replay it.',
  }),
  WORKER_ROLES: texts({
    description:
      'What this worker serves: any of `workflow`, `inference`, `tools`, `sandbox`. Split roles use the queues `<queue>-inference` and `<queue>-sandbox`. A worker with the role `sandbox` also serves `<queue>-sandbox-<host>`, for the sessions whose workspaces it has.',
    takes: `some of ${ROLES.join(', ')}`,
    fallback: 'everything, on one queue',
  }),
  DEEP_RESEARCH_MAX_CACHED_WORKFLOWS: count(
    { fallback: 200, min: 1, max: 100_000 },
    {
      description:
        'Sessions kept in memory. One beyond it is rebuilt from its history at its next step (0.5 to 0.8 s for 150 rounds).',
      unit: 'sessions',
    },
  ),
  DEEP_RESEARCH_MAX_CONCURRENT_INFERENCES: count(
    { fallback: 100, min: 1, max: 10_000 },
    {
      description:
        "Activities that a worker serving model calls runs at once. Keep it near the sum of the endpoints' `maxConcurrent`: calls beyond that wait inside the worker.",
      unit: 'activities',
    },
  ),
  DEEP_RESEARCH_MAX_CONCURRENT_TOOLS: count(
    { fallback: 50, min: 1, max: 10_000 },
    { description: 'Activities that a worker serving only tools or the sandbox runs at once.', unit: 'activities' },
  ),
  DEEP_RESEARCH_TOOL_RATES: byName(z.preprocess(numberOf, z.number().positive()), {
    description:
      'Most calls a second of tools, over all workers: `search=5,google_scholar=0.3`. A limited tool has the queue `<queue>-<tool>`; all workers that serve tools need the same limits.',
    takes: `some of ${LIMITABLE.join(', ')} and tools of your own, each with a number above 0`,
    fallback: 'no limits',
  }),
  DEEP_RESEARCH_HEARTBEAT_SECONDS: quantity(z.number().min(0.5).max(10).default(1), {
    description:
      'How often a model call tells the Temporal server what it has so far; one that takes longer does so less often, down to every 4 s. What was not told is generated again after a crash, and a cancel reaches a call with the next one. Each is a transaction of its database: where hundreds of calls run at once, 5 saves more than half of what that costs the server ([scale.md](scale.md)).',
    takes: 'a number from 0.5 to 10',
    unit: 's',
  }),
  DEEP_RESEARCH_HOST_LOST_SECONDS: count(
    { fallback: 60, min: 1, max: 86_400 },
    {
      description:
        "A host with a session's workspace that does not take a call within this time is taken for gone, and another goes on from the last snapshot. Longer than a restart takes.",
      unit: 's',
    },
  ),
  DEEP_RESEARCH_SHUTDOWN_GRACE_SECONDS: quantity(z.number().min(0).max(3600).default(0.7), {
    description:
      'After SIGTERM, time for running activities to end by themselves; then they are handed over, and another worker goes on with them at once.',
    takes: 'a number from 0 to 3600',
    unit: 's',
  }),
};
