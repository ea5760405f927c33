import { z } from 'zod';
import {
  DEFAULT_ROLES,
  ENDPOINT_ROLES,
  type Endpoint,
  SYSTEM_FORMATS,
  type SystemFormat,
} from '../../activities/inference/endpoint.ts';
import { nearest } from '../../activities/providers/nearest.ts';
import { Secret } from '../../activities/secret.ts';
import { secretFrom } from '../../store/secret-file.ts';
import { ConfigurationError } from './error.ts';
import { webUrl } from './variable.ts';
import type { Variables } from './variables.ts';
import { visionEndpoint } from './vision.ts';

const OBJECTS = 'DEEP_RESEARCH_ENDPOINTS';

/** The variable of the key that a hosted format has of its own. */
const KEY_OF = {
  azure: 'AZURE_KEY',
  aihubmix: 'AIHUBMIX_KEY',
  aihubmix_claude: 'AIHUBMIX_KEY',
  aihubmix_glm: 'AIHUBMIX_KEY',
  volcano: 'VOLCANO_KEY',
  aliyun: 'ALIYUN_KEY',
} as const satisfies Partial<Record<SystemFormat, keyof Variables>>;

/** The parallel lists' endpoints, those of DEEP_RESEARCH_ENDPOINTS, and the one for vision. Throws `ConfigurationError`. */
export function endpointsFrom(values: Variables, env: NodeJS.ProcessEnv): Endpoint[] {
  const problems: string[] = [];
  const endpoints = [...fromLists(values, problems), ...fromObjects(values, env, problems)];
  const named = [
    ...endpoints.map((endpoint, index) => ({
      ...endpoint,
      name: endpoint.name || (endpoints.length === 1 ? 'default' : `endpoint-${index + 1}`),
    })),
    ...visionEndpoint(values, problems),
  ];
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) < index);
  if (twice) problems.push(`${OBJECTS}: expected a name of its own for each endpoint, got "${twice.name}" twice.`);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return named;
}

function fromLists(values: Variables, problems: string[]): Endpoint[] {
  const urls = values.LLM_SERVER_BASE_ENDPOINT_URL ?? [];
  if (urls.length === 0) return [];
  const one = <T>(variable: string, given: T[] | undefined, index: number, required?: true): T | undefined => {
    const list = given ?? [];
    const fits = list.length === urls.length || list.length === 1 || (list.length === 0 && !required);
    if (!fits && index === 0) {
      problems.push(`${variable}: expected one, or one for each of ${urls.length} URLs, got ${list.length}.`);
    }
    return list.length === 1 ? list[0] : list[index];
  };
  return urls.map((url, index) => {
    const format = one('LLM_SERVER_SYSTEM_FORMAT', values.LLM_SERVER_SYSTEM_FORMAT, index) ?? 'deep_research';
    const given = one('LLM_SERVER_API_KEY', values.LLM_SERVER_API_KEY, index);
    const own = ownKey(format, values);
    return {
      name: '',
      url,
      model: one('LLM_SERVER_MODEL_NAME', values.LLM_SERVER_MODEL_NAME, index, true) ?? '',
      format,
      weight: 1,
      roles: DEFAULT_ROLES,
      ...keyed(own?.key ?? given),
      variables: {
        url: 'LLM_SERVER_BASE_ENDPOINT_URL',
        model: 'LLM_SERVER_MODEL_NAME',
        apiKey: own?.variable ?? 'LLM_SERVER_API_KEY',
      },
    };
  });
}

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/** Each field with what it takes, as the end of "expected …". */
const FIELDS = {
  name: [z.string().min(1).optional(), 'text that is not empty'],
  url: [webUrl, 'an http or https URL'],
  model: [z.string().min(1), "the model's name"],
  format: [z.enum(SYSTEM_FORMATS).default('deep_research'), `one of ${SYSTEM_FORMATS.join(', ')}`],
  apiKeyEnv: [variableName.optional(), 'the name of a variable'],
  weight: [z.number().positive().default(1), 'a number above 0'],
  contextTokens: [z.int().min(1024).optional(), 'a whole number of tokens from 1024'],
  roles: [
    z
      .array(z.enum(ENDPOINT_ROLES))
      .min(1)
      .default([...DEFAULT_ROLES]),
    `some of ${ENDPOINT_ROLES.join(', ')}`,
  ],
  maxConcurrent: [z.int().min(1).optional(), 'a whole number of calls from 1'],
  sessionHeader: [
    z
      .string()
      .regex(/^[\w-]+$/)
      .optional(),
    "a header's name",
  ],
  dataParallelSize: [z.int().min(1).optional(), 'a whole number of ranks from 1'],
  silence: [
    z.strictObject({ first: z.int().min(1).optional(), next: z.int().min(1).optional() }).optional(),
    'an object of first and next in ms',
  ],
  headers: [z.record(z.string(), z.string()).optional(), 'an object of texts'],
  headersEnv: [z.record(z.string(), variableName).optional(), 'an object of names of variables'],
} as const;

const shapeOf = <F extends Record<string, readonly [z.ZodType, string]>>(fields: F) =>
  z.object(
    Object.fromEntries(Object.entries(fields).map(([name, [schema]]) => [name, schema])) as {
      [K in keyof F]: F[K][0];
    },
  );

const endpointObject = shapeOf(FIELDS);

function fromObjects(values: Variables, env: NodeJS.ProcessEnv, problems: string[]): Endpoint[] {
  return (values.DEEP_RESEARCH_ENDPOINTS ?? []).flatMap((raw, index) => {
    const at = `${OBJECTS}[${index}]`;
    const names = Object.keys(FIELDS);
    for (const field of Object.keys(raw).filter((name) => !names.includes(name))) {
      problems.push(`${at}.${field}: there is no such field; did you mean ${nearest(field, names)}?`);
    }
    const parsed = endpointObject.safeParse(raw);
    if (!parsed.success) {
      for (const field of new Set(parsed.error.issues.map(({ path }) => path[0] as keyof typeof FIELDS))) {
        // Headers may hold keys.
        const got = /^headers/.test(field) ? 'something else' : (JSON.stringify(raw[field]) ?? 'nothing');
        problems.push(`${at}.${field}: expected ${FIELDS[field][1]}, got ${got}.`);
      }
      return [];
    }
    const { apiKeyEnv, headers, headersEnv, name = '', ...rest } = parsed.data;
    const read = (field: string, variable: string): string => {
      try {
        const value = secretFrom(env, variable);
        if (!value) problems.push(`${at}.${field}: names ${variable}, which is not set.`);
        return value ?? '';
      } catch (error) {
        problems.push(`${at}.${field}: ${(error as Error).message}`);
        return '';
      }
    };
    const own = ownKey(rest.format, values);
    const apiKey = apiKeyEnv ? new Secret(read('apiKeyEnv', apiKeyEnv)) : own?.key;
    const secretHeaders = Object.entries(headersEnv ?? {}).map(([header, variable]) => [
      header,
      read(`headersEnv.${header}`, variable),
    ]);
    const allHeaders = { ...headers, ...Object.fromEntries(secretHeaders) };
    return {
      ...rest,
      name,
      ...keyed(apiKey),
      ...(Object.keys(allHeaders).length ? { headers: new Secret<Record<string, string>>(allHeaders) } : {}),
      variables: {
        url: `${at}.url`,
        model: `${at}.model`,
        apiKey: apiKeyEnv ?? own?.variable ?? `${at}.apiKeyEnv`,
      },
    };
  });
}

const keyed = (apiKey: Secret | undefined) => (apiKey ? { apiKey } : {});

function ownKey(format: SystemFormat, values: Variables): { variable: string; key: Secret } | undefined {
  const variable = format === 'deep_research' ? undefined : KEY_OF[format];
  const key = variable && values[variable];
  return variable && key ? { variable, key } : undefined;
}
