import { distance, nearest } from '../../activities/providers/nearest.ts';
import { fileVariableOf } from '../../store/secret-file.ts';
import { aboutOf } from './variable.ts';
import { ORIGINAL_KEYS, variables } from './variables.ts';

const KNOWN = Object.keys(variables.shape);
/** Any secret may come from a file; the one that Temporal's own library reads may not. */
const FILES = new Set(
  Object.entries(variables.shape).flatMap(([name, schema]) => {
    const isOurs = !name.startsWith('TEMPORAL_');
    return aboutOf(schema).secret && isOurs ? [fileVariableOf(name)] : [];
  }),
);
const ALIASES = new Set(ORIGINAL_KEYS.map((name) => `S1_DR_${name}`));

/** Names that can only be meant for this program. */
const OURS = /^(DEEP_RESEARCH_|LLM_SERVER_|TOOLS_SERVER_|S1_DR_)/;

/** Of all programs: a name near to them says nothing. */
const COMMON = new Set(['DEBUG', 'NO_COLOR', 'XDG_CACHE_HOME']);

/** Kubernetes describes a service called `llm-server` or `deep-research` in such variables. */
const KUBERNETES = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A few letters of a long name, one of a short one. */
const isClose = (name: string, known: string): boolean => distance(name, known) <= (known.length < 12 ? 1 : 2);

/** Variables of the environment that are meant for this program and do not exist, each with a sentence. */
export function misspeltVariables(env: NodeJS.ProcessEnv): { name: string; problem: string }[] {
  return Object.keys(env).flatMap((name) => {
    if (KNOWN.includes(name) || FILES.has(name) || ALIASES.has(name) || KUBERNETES.test(name)) return [];
    const likely = suggestion(name);
    const isOurs = OURS.test(name);
    const isMeant = isOurs || (!COMMON.has(likely) && isClose(name, likely));
    return isMeant ? { name, problem: `${name}: there is no such variable; did you mean ${likely}?` } : [];
  });
}

export function unknownKeys(keys: string[], file: string): string[] {
  return keys
    .filter((name) => !KNOWN.includes(name))
    .map((name) => `${name} in ${file}: there is no such key; did you mean ${suggestion(name)}?`);
}

function suggestion(name: string): string {
  const upper = name.toUpperCase().replaceAll('-', '_');
  const bare = upper.replace(/^S1_DR_/, '');
  // A prefix that was forgotten or put on where there is none is the likelier slip.
  const sameEnd = KNOWN.find(
    (known) => bare === known || `DEEP_RESEARCH_${bare}` === known || bare === `DEEP_RESEARCH_${known}`,
  );
  // So is a word that was left out.
  const words = bare.split('_');
  const longer = KNOWN.filter((known) => words.length > 1 && words.every((word) => known.split('_').includes(word)));
  return sameEnd ?? nearest(upper, longer.length > 0 ? longer : KNOWN);
}
