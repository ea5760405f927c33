import { z } from 'zod';
import { Secret } from '../../activities/secret.ts';

/** What people are told about a variable. */
export interface About {
  description: string;
  /** What it takes, as the end of "expected …". */
  takes: string;
  /** The default in words, where the schema has none or its value says little. */
  fallback?: string;
  unit?: string;
  /** Its value is never shown. */
  secret?: true;
  /** Read by another program or before the configuration is; checked there, only documented here. */
  readElsewhere?: true;
  /** A value in the JSON file is refused: the client or `npm start`, which do not read the file, need it too. */
  environmentOnly?: true;
  /** Accepted and checked, but nothing of the program depends on it. */
  notUsedYet?: true;
}

const registry = z.registry<About>();

export const aboutOf = (schema: z.ZodType): About => {
  const about = registry.get(schema);
  if (!about) throw new Error('A variable has no description.');
  return about;
};

/** Files give typed values, the environment gives text; both become the same. */
const fromText = <S extends z.ZodType>(read: (text: string) => unknown, schema: S) =>
  z.preprocess((raw) => (typeof raw === 'string' ? read(raw.trim()) : raw), schema);

const listOf = (text: string): unknown => {
  if (text.startsWith('[')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  // Files of secrets have one a line.
  return text.split(/[,\n]/).flatMap((part) => part.trim() || []);
};

export const numberOf = (raw: unknown) => (typeof raw === 'string' && raw !== '' ? Number(raw) : raw);

const FLAGS: Record<string, boolean> = {
  ...{ 1: true, true: true, yes: true, on: true },
  ...{ 0: false, false: false, no: false, off: false },
};

const describe = <S extends z.ZodType>(schema: S, about: About): S => {
  registry.add(schema, about);
  return schema;
};

type Told = Omit<About, 'takes' | 'secret'> & { takes?: string };

export const text = (about: Told) =>
  describe(z.string().trim().min(1).optional(), { takes: 'text that is not empty', ...about });

export const textOr = (fallback: string, about: Told) =>
  describe(z.string().trim().min(1).default(fallback), { takes: 'text that is not empty', ...about });

export const choice = <const T extends readonly [string, ...string[]]>(
  options: T,
  fallback: T[number],
  about: Omit<Told, 'takes'>,
) => describe(z.enum(options).default(fallback as never), { takes: `one of ${options.join(', ')}`, ...about });

/** One value serves where a list is meant. */
export const list = <S extends z.ZodType<unknown, string>>(item: S, about: Told & { takes: string }) =>
  describe(
    fromText(
      listOf,
      z.preprocess((raw) => (Array.isArray(raw) || raw === undefined ? raw : [raw]), z.array(item).optional()),
    ),
    about,
  );

export const texts = (about: Told & { takes: string }) => list(z.string().trim().min(1), about);

/** Objects that are checked where they are used. May hold secrets. */
export const objects = (about: Told & { takes: string }) =>
  describe(fromText(listOf, z.array(z.record(z.string(), z.unknown())).optional()), { ...about, secret: true });

/** A JSON document: a path, the document's text, or in the JSON file the document itself. May hold secrets. */
export const document = (about: Told & { takes: string }) =>
  describe(
    z.preprocess(
      (raw) => (typeof raw === 'object' && raw !== null ? JSON.stringify(raw) : raw),
      z.string().trim().min(1).optional(),
    ),
    { ...about, secret: true },
  );

const pairsOf = (text: string): unknown => {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  const pairs = text
    .split(',')
    .flatMap((part) => (part.trim() ? [part.split(/=(.*)/s, 2).map((side) => side.trim())] : []));
  return pairs.every(([, value]) => value) ? Object.fromEntries(pairs) : text;
};

/** Values by name: a JSON object, or `name=value` separated by commas. */
export const byName = <S extends z.ZodType>(item: S, about: Told & { takes: string }) =>
  describe(fromText(pairsOf, z.record(z.string(), item).optional()), about);

export const webUrl = z.string().refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''));

export const flag = (fallback: boolean, about: Omit<Told, 'takes'>) =>
  describe(
    fromText((value) => FLAGS[value.toLowerCase()] ?? value, z.boolean().default(fallback)),
    {
      takes: 'true or false',
      ...about,
    },
  );

/** A number that need not be whole. */
export const quantity = <S extends z.ZodType>(number: S, about: Omit<Told, 'takes'> & { takes: string }) =>
  describe(fromText(numberOf, number), about);

/** A whole number within limits. */
export const count = (limits: { fallback: number; min: number; max: number }, about: Omit<Told, 'takes'>) =>
  describe(fromText(numberOf, z.int().min(limits.min).max(limits.max).default(limits.fallback)), {
    takes: `a whole number from ${limits.min} to ${limits.max}`,
    ...about,
  });

const key = z
  .string()
  .trim()
  .min(1)
  // Line ends cannot stand in a header; they come from files that keys are copied from.
  .refine((value) => !/[\r\n]/.test(value))
  .transform((value) => new Secret(value));

/** `<your_api_key>` in the original's sample file means that there is none. */
const isPlaceholder = (raw: unknown): boolean => typeof raw === 'string' && /^<.*>$/.test(raw.trim());

export const secret = (about: Omit<Told, 'takes'>) =>
  describe(
    z.preprocess((raw) => (isPlaceholder(raw) ? undefined : raw), key.optional()),
    {
      takes: 'a key in one line',
      ...about,
      secret: true,
    },
  );

export const secrets = (about: Told & { takes: string }) =>
  describe(
    fromText(
      listOf,
      z.preprocess((raw) => (Array.isArray(raw) || raw === undefined ? raw : [raw]), z.array(key).optional()),
    ),
    { ...about, secret: true },
  );
