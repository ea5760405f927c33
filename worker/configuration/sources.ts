import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hide, hideInAddresses } from '../../protocol/redact.ts';
import { fileVariableOf, secretFrom } from '../../store/secret-file.ts';
import { ConfigurationError } from './error.ts';
import { misspeltVariables, unknownKeys } from './misspelt.ts';
import { aboutOf } from './variable.ts';
import { ORIGINAL_KEYS, type Variables, variables } from './variables.ts';

/** Reads every variable: the JSON file named by S1_DR_CONFIG_JSON, then the environment, then the default. */
export function readVariables(env: NodeJS.ProcessEnv): Variables {
  const file = env.S1_DR_CONFIG_JSON?.trim() || undefined;
  const settings = file ? readFile(file) : {};
  const endpoints = JSON.stringify(settings.DEEP_RESEARCH_ENDPOINTS) ?? env.DEEP_RESEARCH_ENDPOINTS ?? '';
  // A key's variable may have any name, also one like ours.
  const isNamed = (name: string) => new RegExp(`\\b${name.replace(/_FILE$/, '')}\\b`).test(endpoints);
  const problems = [
    ...misspeltVariables(env).flatMap(({ name, problem }) => (isNamed(name) ? [] : problem)),
    ...(file ? unknownKeys(Object.keys(settings), file) : []),
  ];
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(variables.shape)) {
    const fromFile = settings[name] ?? undefined;
    const about = aboutOf(schema);
    let raw = fromFile;
    try {
      // A file that another program reads need not be there for us.
      const mayBeFile = about.secret && !about.readElsewhere && !(fileVariableOf(name) in variables.shape);
      raw ??= fromEnvironment(env, name, mayBeFile);
    } catch (error) {
      problems.push((error as Error).message);
    }
    if (raw !== undefined) hideInAddresses(typeof raw === 'string' ? raw : JSON.stringify(raw));
    if (about.secret && about.readElsewhere && typeof raw === 'string') hide(raw);
    if (fromFile !== undefined && (about.readElsewhere || about.environmentOnly)) {
      problems.push(`${name} in ${file}: it is read from the environment only.`);
      continue;
    }
    // What another program reads is checked there; a value that would not do here must not stop us.
    if (about.readElsewhere) continue;
    const parsed = schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else {
      const got = about.secret ? 'something else' : JSON.stringify(raw);
      problems.push(`${name}${fromFile === undefined ? '' : ` in ${file}`}: expected ${about.takes}, got ${got}.`);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return values as Variables;
}

/** An empty variable is as good as none. */
function fromEnvironment(env: NodeJS.ProcessEnv, name: string, mayBeFile?: boolean): string | undefined {
  const alias = (ORIGINAL_KEYS as readonly string[]).includes(name) ? env[`S1_DR_${name}`] : undefined;
  return env[name]?.trim() || alias?.trim() || (mayBeFile && secretFrom(env, name)) || undefined;
}

function readFile(file: string): Record<string, unknown> {
  const problem = (what: string) => new ConfigurationError([`S1_DR_CONFIG_JSON: the file "${file}" ${what}.`]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw problem(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold keys.
    throw problem('is not JSON');
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(content);
  if (!parsed.success) throw problem('does not hold a JSON object');
  return parsed.data;
}
