import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { McpAddress, McpProcess, McpServerSettings } from '../../activities/mcp/settings.ts';
import { nearest } from '../../activities/providers/nearest.ts';
import { Secret } from '../../activities/secret.ts';
import { hide } from '../../protocol/redact.ts';
import { withoutPassword } from './describe.ts';
import { ConfigurationError } from './error.ts';
import { webUrl } from './variable.ts';
import type { Variables } from './variables.ts';

const VARIABLE = 'DEEP_RESEARCH_MCP_SERVERS';

const NAME = /^[\p{L}\p{N}@][\p{L}\p{N} _./@-]{0,59}$/u;

const texts = z.record(z.string(), z.string());
const PROCESS_TYPES = ['stdio'];
const ADDRESS_TYPES = ['http', 'streamable-http', 'streamableHttp'];

/** Each field's schema, and the end of "expected …". */
const FIELDS = {
  type: [
    z.enum([...PROCESS_TYPES, ...ADDRESS_TYPES]).optional(),
    'stdio or http (the older transport "sse" is not supported)',
  ],
  command: [z.string().min(1).optional(), 'a program'],
  args: [z.array(z.string()).default([]), 'a list of texts'],
  env: [texts.default({}), 'an object of texts'],
  cwd: [z.string().min(1).optional(), 'a folder'],
  url: [webUrl.optional(), 'an http or https URL'],
  headers: [texts.default({}), 'an object of texts'],
  disabled: [z.boolean().default(false), 'true or false'],
  tools: [z.array(z.string().min(1)).min(1).optional(), 'a list of names of its tools'],
  readOnly: [z.boolean().optional(), 'true or false'],
  timeoutSeconds: [z.number().positive().optional(), 'a number of seconds above 0'],
} as const;

const serverObject = z.object(
  Object.fromEntries(Object.entries(FIELDS).map(([name, [schema]]) => [name, schema])) as {
    [K in keyof typeof FIELDS]: (typeof FIELDS)[K][0];
  },
);

/**
 * The MCP servers that a worker starts or connects to. A text `${NAME}` or `${NAME:-default}` in a value is replaced by
 * the variable of the environment. @throws ConfigurationError with a sentence for each fault
 */
export function mcpServersFrom(values: Variables, env: NodeJS.ProcessEnv): McpServerSettings[] {
  const given = values.DEEP_RESEARCH_MCP_SERVERS;
  if (given === undefined) return [];
  const { servers, folder } = documentOf(given);
  const problems: string[] = [];
  const settings = Object.entries(servers).flatMap(([name, raw]) => {
    const read = serverFrom(name, raw, env, folder);
    problems.push(...read.problems);
    return read.settings ?? [];
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  return settings;
}

/** What the variable holds or names. `folder` is where relative paths begin, if it names a file. */
function documentOf(given: string): { servers: Record<string, unknown>; folder?: string } {
  const isText = given.startsWith('{');
  const said = isText ? `${VARIABLE}: it` : `${VARIABLE}: the file "${given}"`;
  let text = given;
  try {
    if (!isText) text = readFileSync(given, 'utf8');
  } catch (error) {
    throw new Error(`${said} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold keys.
    throw new Error(`${said} is not JSON.`);
  }
  const parsed = z.object({ mcpServers: z.record(z.string(), z.unknown()) }).safeParse(content);
  if (!parsed.success) throw new Error(`${said} does not hold {"mcpServers": {name: {…}}}.`);
  return { servers: parsed.data.mcpServers, ...(isText ? {} : { folder: dirname(resolve(given)) }) };
}

interface Read {
  settings?: McpServerSettings;
  problems: string[];
}

function serverFrom(name: string, raw: unknown, env: NodeJS.ProcessEnv, folder: string | undefined): Read {
  const problems: string[] = [];
  const at = `${VARIABLE}: mcpServers.${name}`;
  if (!NAME.test(name)) {
    return {
      problems: [
        `${VARIABLE}: expected names of servers of letters, digits, blanks and "_-./@", 60 at most, got ${JSON.stringify(name.slice(0, 60))}.`,
      ],
    };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { problems: [`${at}: expected an object.`] };
  const names = Object.keys(FIELDS);
  for (const field of Object.keys(raw).filter((one) => !names.includes(one))) {
    problems.push(`${at}.${field}: there is no such field; did you mean ${nearest(field, names)}?`);
  }
  const hidden: string[] = [];
  const parsed = serverObject.safeParse(withVariables(raw, env, hidden, (what) => problems.push(`${at}: ${what}`)));
  if (!parsed.success) {
    const wrong = new Set(parsed.error.issues.map(({ path }) => path[0] as keyof typeof FIELDS));
    return { problems: [...problems, ...[...wrong].map((field) => `${at}.${field}: expected ${FIELDS[field][1]}.`)] };
  }
  const { type, command, url, disabled, tools, readOnly, timeoutSeconds } = parsed.data;
  if ((command === undefined) === (url === undefined)) problems.push(`${at}: expected either command or url.`);
  else if (type && PROCESS_TYPES.includes(type) !== (command !== undefined)) {
    problems.push(`${at}.type: "${type}" does not go with ${command === undefined ? 'url' : 'command'}.`);
  }
  if (problems.length > 0 || disabled) return { problems };
  const secrets = longestFirst([...hidden, ...secretsOf(parsed.data)]);
  for (const secret of secrets) hide(secret);
  const transport = url === undefined ? processOf(parsed.data, folder) : addressOf({ ...parsed.data, url });
  return {
    problems,
    settings: {
      name,
      transport,
      ...(tools ? { tools } : {}),
      ...(readOnly === undefined ? {} : { readOnly }),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      hidden: new Secret(secrets),
    },
  };
}

type Fields = z.output<typeof serverObject>;

function processOf({ command = '', args, env, cwd }: Fields, folder: string | undefined): McpProcess {
  const place = cwd === undefined ? folder : resolve(folder ?? '.', cwd);
  return {
    kind: 'process',
    command,
    args: new Secret(args),
    env: new Secret(env),
    ...(place === undefined ? {} : { cwd: place }),
  };
}

const addressOf = ({ url, headers }: Fields & { url: string }): McpAddress => ({
  kind: 'address',
  url: new Secret(url),
  shown: withoutPassword(url),
  headers: new Secret(headers),
});

/** Puts the environment's variables in the place of their names. Their values are added to `hidden`. */
function withVariables(
  value: unknown,
  env: NodeJS.ProcessEnv,
  hidden: string[],
  problem: (what: string) => void,
): unknown {
  const inside = (one: unknown) => withVariables(one, env, hidden, problem);
  if (Array.isArray(value)) return value.map(inside);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inside(one)]));
  }
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (_, name: string, otherwise?: string) => {
    const found = env[name]?.trim() || undefined;
    if (found !== undefined) hidden.push(found);
    else if (otherwise === undefined) problem(`it names ${name}, which is not set.`);
    return found ?? otherwise ?? '';
  });
}

/** What is likely a secret, or may be one. */
function secretsOf({ args, env, headers, url }: Fields): string[] {
  const address = url === undefined ? undefined : URL.parse(url);
  return [
    ...Object.values(env),
    ...Object.values(headers).flatMap((value) => [value, value.replace(/^\w+ /, '')]),
    // `--api-key abc`, `--token=abc`
    ...args.flatMap((arg, index) => {
      const [, inside] = /(?:key|token|secret|passw\w*|auth\w*)=(.+)$/i.exec(arg) ?? [];
      const before = args[index - 1] ?? '';
      return inside ?? (/^-.*(key|token|secret|passw\w*|auth\w*)$/i.test(before) ? arg : []);
    }),
    ...(address ? [address.password, ...address.searchParams.values()] : []),
  ];
}

/** Without texts so short that hiding them would hide everything; a secret within another comes after it. */
const longestFirst = (values: string[]): string[] =>
  [...new Set(values)].filter((value) => value.length >= 6).sort((one, other) => other.length - one.length);
