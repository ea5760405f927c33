import type { z } from 'zod';
import { type About, aboutOf } from './variable.ts';
import { GROUPS, ORIGINAL_KEYS } from './variables.ts';

interface Row extends About {
  name: string;
  default: string;
}

const onlyInEnvironment = (about: About) => Boolean(about.readElsewhere || about.environmentOnly);

/** Every variable with what is told about it, group by group. */
function rows(): { group: string; rows: Row[] }[] {
  return Object.entries(GROUPS).map(([group, shape]) => ({
    group,
    rows: Object.entries(shape as Record<string, z.ZodType>).map(([name, schema]) => {
      const about = aboutOf(schema);
      const description = about.notUsedYet ? `${about.description} (Read, not used yet.)` : about.description;
      return { ...about, description, name, default: about.fallback ?? defaultOf(schema) };
    }),
  }));
}

function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  return parsed.success && parsed.data !== undefined ? String(parsed.data) : '';
}

/** For a terminal. */
export function helpTable(): string {
  const line = (row: Row) => {
    const facts = [
      `takes ${row.takes}`,
      ...(row.unit ? [`in ${row.unit}`] : []),
      ...(row.default ? [`default ${row.default}`] : []),
    ];
    return `  ${row.name}${onlyInEnvironment(row) ? ' *' : ''}\n      ${row.description.replaceAll('`', '')}\n      ${facts.join('; ')}`;
  };
  return rows()
    .map(({ group, rows }) => `${group}\n${rows.map(line).join('\n')}`)
    .join('\n\n');
}

const INTRODUCTION = `# Configuration
Made from the schema in \`worker/configuration\` by \`npm run docs\`; a test fails when it is stale. \`npm run worker -- --help\` prints the same table, \`npm run worker -- --check\` checks a configuration, its model servers and its Temporal server, and exits.

A value is taken from the JSON file that \`S1_DR_CONFIG_JSON\` names, else from the environment, else it is the default. In the file, lists and numbers are JSON; in the environment a list is a JSON array or is separated by commas, and a single value serves where a list is meant. An empty variable is as good as none, and so is a key written \`<like_this>\`. A name that does not exist, in the file or with a prefix of ours or close to a name of ours in the environment, is an error that names the nearest right one.

Variables marked * are read from the environment only. Secrets are never printed. Each variable marked (secret) may also come from a file, as Docker's and Kubernetes' secrets do: \`SERPER_API_KEY_FILE=/run/secrets/serper\`; of a list, one a line. So may the variables that \`apiKeyEnv\` names. \`TEMPORAL_API_KEY\` is Temporal's own: its file is \`TEMPORAL_CONFIG_FILE\`.

## Several model servers
\`LLM_SERVER_BASE_ENDPOINT_URL\` and the lists beside it go by position; a list of one serves for all URLs:

\`\`\`sh
export LLM_SERVER_BASE_ENDPOINT_URL=http://gpu-1:8000,http://gpu-2:8000 LLM_SERVER_MODEL_NAME=S1-DeepResearch-32B
\`\`\`

For everything else an endpoint can have, \`DEEP_RESEARCH_ENDPOINTS\` is a JSON list of objects. Both together give all endpoints:

\`\`\`sh
export DEEP_RESEARCH_ENDPOINTS='[
  {"name": "big", "url": "http://gpu-1:8000", "model": "S1-DeepResearch-32B", "weight": 2, "roles": ["research"]},
  {"name": "pages", "url": "https://example.com/v1", "model": "small", "apiKeyEnv": "PAGES_KEY", "roles": ["pages", "vision"]}
]'
\`\`\`

| field | takes | default |
|---|---|---|
| \`url\` | http or https URL with or without \`/v1\` | needed |
| \`model\` | the model's name | needed |
| \`name\` | a name of its own; stands in every reply | \`endpoint-2\`, by position |
| \`format\` | as in \`LLM_SERVER_SYSTEM_FORMAT\` | \`deep_research\` |
| \`apiKeyEnv\` | name of the variable that holds the key | the format's own key |
| \`weight\` | share of new sessions beside the other endpoints | 1 |
| \`contextTokens\` | most tokens of prompt and reply together | asked from the server; shown at the start, not used yet |
| \`roles\` | some of \`research\`, \`pages\`, \`vision\` | \`research\` and \`pages\` |
| \`maxConcurrent\` | most calls at once from one worker; more wait | no limit |
| \`sessionHeader\` | header that keeps a session at one server behind a router | \`X-Session-ID\` |
| \`dataParallelSize\` | ranks of a server with vLLM's \`--data-parallel-size\`; a session is pinned to one | 1 |
| \`silence\` | object of \`first\` (before the first byte) and \`next\` (within a stream), in ms | 900000 and 180000 |
| \`headers\` | further request headers | none |
| \`headersEnv\` | further headers, each with the name of the variable that holds its value | none |
`;

/** `docs/configuration.md`. */
export function configurationDocument(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const tables = rows().map(({ group, rows }) => {
    const lines = rows.map((row) => {
      const marks = `${onlyInEnvironment(row) ? ' *' : ''}${row.secret ? ' (secret)' : ''}`;
      return `| \`${row.name}\`${marks} | ${cell(row.description)} | ${cell(row.takes)} | ${cell(row.default)} | ${row.unit ?? ''} |`;
    });
    return `## ${group}\n| variable | meaning | takes | default | unit |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  const aliases = `The original's keys (${ORIGINAL_KEYS.map((name) => `\`${name}\``).join(', ')}) may also be set with its prefix \`S1_DR_\` in the environment.\n`;
  return [INTRODUCTION, ...tables, aliases].join('\n');
}
