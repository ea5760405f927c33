import { MOST_INPUT_FILES } from './files.ts';
import * as z from './zod.ts';

// Schemas are made when an input is read and then let go: every open session has its own instance of this module, and
// kept schemas cost each of them a megabyte of its worker's memory.

/** Sampling and other settings of the model's requests. What is not given keeps the endpoint's default. */
const modelSettings = () =>
  z.strictObject({
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().gt(0).max(1).optional(),
    /** Most tokens of one reply; never more than the context has left. */
    maxTokens: z.int().min(1).optional(),
    repetitionPenalty: z.number().gt(0).optional(),
    seed: z.int().optional(),
    stop: z.array(z.string().min(1)).optional(),
    /** Merged into every request last, for whatever the server understands beyond the common fields. */
    extraBody: z.record(z.string(), z.unknown()).optional(),
  });

/** What is given as text and begins like this is no path. */
export const WEB_ADDRESS = /^https?:\/\/\S+$/i;

/** A file that a client has sent beforehand, by its hash. */
export const sentFile = () =>
  z.strictObject({
    name: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().min(0),
  });

/**
 * A file for the session's workspace: a path below the worker's `DEEP_RESEARCH_FILES_DIR`, a web address, or one that a
 * client has sent beforehand, by its hash. (For the client library, a path is one of its own machine.)
 */
const inputFile = () =>
  z.union([
    z.string().min(1),
    sentFile(),
    z.strictObject({ path: z.string().min(1) }),
    z.strictObject({ url: z.string().regex(WEB_ADDRESS), name: z.string().min(1).optional() }),
  ]);

/** Settings that change how a session goes on, but nothing that its model has read. */
export const adjustableSettings = () => ({
  model: modelSettings().optional(),
  /** Most rounds of a segment. Default 150. */
  maxRounds: z.int().min(1).optional(),
  /** Default 128,000. */
  contextTokens: z.int().min(1024).optional(),
  /** Default `discard_all`. */
  contextStrategy: z.enum(['discard_all', 'answer']).optional(),
  /** Share of `contextTokens` at which the context strategy acts. Default 0.8. */
  discardRatio: z.number().gt(0).max(1).optional(),
  /** Tools whose calls wait for a person's approval. */
  approve: z.array(z.string().min(1)).optional(),
  /** A call that waits longer for approval is refused. Default: it waits. */
  approveSeconds: z.number().gt(0).optional(),
  /** How long follow-up questions are taken after an answer. Default 0. */
  keepOpenSeconds: z.number().min(0).optional(),
  timeoutSeconds: z.number().gt(0).optional(),
  /** Temporal's priority of the session's activities: 1 (first) to 5 (last); by default the workflow's own, else 3. */
  priority: z.int().min(1).max(5).optional(),
  /** Sessions that wait are served in turn by this key, such as a team's name, in proportion to their weights. */
  fairnessKey: z
    .string()
    .min(1)
    .refine((key) => bytesOf(key) <= 64, 'expected at most 64 bytes')
    .optional(),
  /** Share of the key beside others. Default 1. */
  fairnessWeight: z.number().min(0.001).max(1000).optional(),
});

export const researchInput = () => {
  const adjustable = adjustableSettings();
  return z.strictObject({
    question: z.string().refine((text) => text.trim() !== '', 'expected a question, got only blanks'),
    files: z.array(inputFile()).max(MOST_INPUT_FILES).default([]),
    /** Names of skill folders the worker knows. */
    skills: z.array(z.string().min(1)).default([]),
    /** Tools to offer; by default all that the worker can serve. */
    tools: z.array(z.string().min(1)).optional(),
    /** Replaces the opening of the system prompt; tools, skills and the date are still added. */
    systemPrompt: z.string().min(1).optional(),
    /** One of the worker's folders of documents; by default its first. */
    corpus: z.string().min(1).optional(),
    /**
     * Sessions with the same name share what their searches bring: who asks first records it, the others are given that,
     * however old it is and whether the worker keeps searches or not.
     */
    sharedSearches: z.string().min(1).max(500).optional(),
    ...adjustable,
    model: adjustable.model.unwrap().default({}),
    maxRounds: adjustable.maxRounds.unwrap().default(150),
    contextTokens: adjustable.contextTokens.unwrap().default(128_000),
    contextStrategy: adjustable.contextStrategy.unwrap().default('discard_all'),
    discardRatio: adjustable.discardRatio.unwrap().default(0.8),
    approve: adjustable.approve.unwrap().default([]),
    keepOpenSeconds: adjustable.keepOpenSeconds.unwrap().default(0),
  });
};

/** In UTF-8, as Temporal counts. */
const bytesOf = (text: string): number => encodeURIComponent(text).replace(/%../g, 'x').length;

/** What a caller writes. */
export type ResearchInput = z.input<ReturnType<typeof researchInput>>;
/** The same with every default filled in. */
export type ResearchSettings = z.output<ReturnType<typeof researchInput>>;
export type ModelSettings = z.output<ReturnType<typeof modelSettings>>;
export type InputFile = z.output<ReturnType<typeof inputFile>>;
export type SentFile = z.output<ReturnType<typeof sentFile>>;

/** The name that a file has in the workspace: without folders, of an address its last part. */
export function fileNameOf(file: InputFile): string {
  if (typeof file === 'string') return lastName(WEB_ADDRESS.test(file) ? pathOf(file) : file);
  if ('path' in file) return lastName(file.path);
  return lastName(file.name ?? ('url' in file ? pathOf(file.url) : ''));
}

const lastName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || 'file';

function pathOf(url: string): string {
  const path = url.replace(/^[^:]+:\/\/[^/?#]*/, '').replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Reads a workflow input: a plain string is the question. Errors are one sentence that names the field. */
export function parseResearchInput(raw: unknown): { settings: ResearchSettings } | { error: string } {
  const value = typeof raw === 'string' ? { question: raw } : raw;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { error: `Invalid input: expected a question as text or an object with "question", got ${show(raw)}.` };
  }
  const parsed = researchInput().safeParse(value);
  if (parsed.success) return { settings: parsed.data };
  return { error: `Invalid input: ${describeIssues(parsed.error, value)}.` };
}

/** Every issue as `field: what was expected, got what`, joined by semicolons. */
export function describeIssues(error: z.ZodError, value: unknown): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const where = issue.path.length ? ` in ${issue.path.join('.')}` : '';
        return `unknown field ${issue.keys.map((key) => `"${key}"`).join(', ')}${where}`;
      }
      const field = issue.path.join('.') || 'input';
      const got = at(value, issue.path);
      const expected = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
      return issue.code === 'custom' ? `${field}: ${expected}` : `${field}: ${expected}, got ${show(got)}`;
    })
    .join('; ');
}

function at(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? String(value);
  const text = json.length > 60 ? `${json.slice(0, 57)}…` : json;
  if (value === null) return 'null';
  if (Array.isArray(value)) return `the list ${text}`;
  return `the ${typeof value} ${text}`;
}
