import { parse } from 'yaml';
import { SKILL_NAME, SkillProblem } from './skill.ts';

/** Characters. All descriptions stand in the prompt of a session. */
const LONGEST_DESCRIPTION = 1024;

/** Control characters, and those that turn the direction of what follows. */
const HIDDEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** What the head of a SKILL.md says. @throws SkillProblem */
export function readFrontMatter(text: string): { name: string; description: string } {
  const head = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[1];
  if (head === undefined) {
    throw new SkillProblem('its SKILL.md does not begin with front matter between two lines of "---"');
  }
  const fields = parsed(head);
  const name = oneLine('name', fields.name);
  if (!SKILL_NAME.test(name)) {
    throw new SkillProblem(
      `the name in its SKILL.md, ${shown(name)}, is not of letters, digits, ".", "_" and "-", 64 at most`,
    );
  }
  const description = oneLine('description', fields.description);
  if (description.length > LONGEST_DESCRIPTION) {
    throw new SkillProblem(
      `the description in its SKILL.md has ${description.length} characters, more than ${LONGEST_DESCRIPTION}`,
    );
  }
  return { name, description };
}

function parsed(head: string): Record<string, unknown> {
  let value: unknown;
  try {
    // Aliases are what a small text makes a large value of.
    value = parse(head, { maxAliasCount: 0, schema: 'core', logLevel: 'error' });
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    throw new SkillProblem(`the front matter of its SKILL.md is not YAML (${why.replace(/:$/, '')})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SkillProblem('the front matter of its SKILL.md has no fields');
  }
  return value as Record<string, unknown>;
}

/** Lines of a text could pass for lines of the prompt that lists it. */
function oneLine(field: string, value: unknown): string {
  if (value === undefined || value === null) throw new SkillProblem(`its SKILL.md has no ${field}`);
  if (typeof value !== 'string') throw new SkillProblem(`the ${field} in its SKILL.md is not a text`);
  const text = value.trim();
  if (text === '') throw new SkillProblem(`the ${field} in its SKILL.md is empty`);
  if (/[\r\n]/.test(text)) throw new SkillProblem(`the ${field} in its SKILL.md has several lines; it must be one`);
  if (HIDDEN.test(text)) throw new SkillProblem(`the ${field} in its SKILL.md has hidden characters`);
  return text;
}

const shown = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80).toWellFormed()}…` : text);
