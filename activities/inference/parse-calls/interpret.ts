import type { Call } from '../../../protocol/reply.ts';
import { unfence } from './code-section.ts';
import { readLiteral } from './literal.ts';
import { badArguments, openCode, unknownTool, unreadable } from './wording.ts';

/** Name of a call whose tool could not be made out. */
export const UNREADABLE = 'unreadable';

/** The argument that holds a code tool's code. */
const CODE_ARGUMENT = new Map([
  ['PythonInterpreter', 'code'],
  ['bash', 'command'],
]);

const ALIASES = new Map([
  ['execute_code', 'PythonInterpreter'],
  ['python_interpreter', 'PythonInterpreter'],
]);

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;

/** The available tool that is meant: by its name, an alias, or its name in other letter case. */
export function resolveTool(name: string, available: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const alias = ALIASES.get(lower);
  if (available.includes(name)) return name;
  if (alias && available.includes(alias)) return alias;
  return available.find((tool) => tool.toLowerCase() === lower);
}

/** Whether a code section may follow this value: not at all, inside its call, or also right after `</tool_call>`. */
export function codePlace(value: unknown, available: readonly string[]): 'none' | 'inside' | 'after' {
  if (!isObject(value) || typeof value.name !== 'string') return 'none';
  if (!CODE_ARGUMENT.has(resolveTool(value.name.trim(), available) ?? '')) return 'none';
  const { name: _, arguments: given, ...beside } = value;
  const filled =
    Object.keys(isObject(given) ? given : beside).length > 0 || (typeof given === 'string' && given !== '');
  return filled ? 'inside' : 'after';
}

/** Arguments may stand as an object, as text that holds one, or (without `arguments`) beside the name. */
function argumentsOf(value: Fields, codeArgument: string | undefined): { found: unknown } {
  const { name: _, ...beside } = value;
  const given = 'arguments' in value ? value.arguments : 'parameters' in value ? value.parameters : beside;
  if (given === null) return { found: {} };
  if (typeof given !== 'string') return { found: given };
  const text = given.trim();
  if (text === '') return { found: {} };
  if (!text.startsWith('{')) return { found: codeArgument ? { [codeArgument]: given } : given };
  for (const repair of [false, true]) {
    const read = readLiteral(text, { repair, complete: true });
    if (read.ok && text.slice(read.end).trim() === '') return { found: read.value };
  }
  return { found: given };
}

function withCode(args: Fields, argument: string, code: string | undefined): Fields {
  const { code: asCode, command: asCommand, ...rest } = args;
  const given = code ?? args[argument] ?? (argument === 'code' ? asCommand : asCode);
  if (given === undefined) return rest;
  return { ...rest, [argument]: typeof given === 'string' && code === undefined ? unfence(given) : given };
}

/** Makes a call of one value of the text; `code` is what followed it, `null` if that has no end. */
export function interpret(value: unknown, code: string | null | undefined, available: readonly string[]): Call {
  const fail = (name: string, error: string): Call => ({ name, arguments: {}, error });
  if (!isObject(value)) return fail(UNREADABLE, unreadable(`it is ${kindOf(value)} where an object is expected`));
  if (typeof value.name !== 'string' || value.name.trim() === '') {
    return fail(UNREADABLE, unreadable('it has no "name" that is a text'));
  }
  const written = value.name.trim();
  const name = resolveTool(written, available);
  if (name === undefined) return fail(written, unknownTool(written, available));
  if (code === null) return fail(name, openCode(name));
  const codeArgument = CODE_ARGUMENT.get(name);
  const { found } = argumentsOf(value, codeArgument);
  if (!isObject(found)) {
    const readable = typeof found === 'string' && found.trim().startsWith('{') ? 'broken JSON' : kindOf(found);
    return fail(name, badArguments(name, readable));
  }
  return { name, arguments: codeArgument ? withCode(found, codeArgument, code) : found };
}
