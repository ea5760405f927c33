import { type Blobs, sha256Of } from '../../../store/blobs.ts';

/**
 * A folder as a snapshot keeps it: its entries by name. A folder within is its tree's hash, so that a folder in which
 * nothing changed is the same tree, and what is written for a change is the trees on the way to it.
 */
export interface Tree {
  /** Hash of the content, size, and permission bits. */
  files: Map<string, [sha256: string, bytes: number, mode: number]>;
  /** Where symbolic links lead: relative, and never out of the workspace. */
  links: Map<string, string>;
  /** Hash of the folder's own tree. */
  folders: Map<string, string>;
}

const encoder = new TextEncoder();

/** The bytes of a tree; the same for the same tree. */
export function encodeTree({ files, links, folders }: Tree): Uint8Array {
  return encoder.encode(JSON.stringify({ files: sorted(files), links: sorted(links), folders: sorted(folders) }));
}

const sorted = <T>(entries: Map<string, T>): Record<string, T> =>
  Object.fromEntries([...entries].sort(([one], [other]) => (one < other ? -1 : 1)));

export const newTree = (): Tree => ({ files: new Map(), links: new Map(), folders: new Map() });

/** The snapshot of a workspace without files; it is known to everybody and not stored. */
export const EMPTY_TREE = sha256Of(encodeTree(newTree()));

/** A snapshot names something that the store has not, or not as it was. */
export class MissingContent extends Error {
  override name = 'MissingContent';
}

/**
 * Reads a tree and checks that its names can lead nowhere but into the folder.
 * @throws MissingContent
 */
export async function readTree(trees: Blobs, hash: string): Promise<Tree> {
  if (hash === EMPTY_TREE) return newTree();
  const bytes = await trees.get(hash);
  if (!bytes) throw new MissingContent(`The store has no snapshot ${hash}.`);
  const read = JSON.parse(new TextDecoder().decode(bytes));
  const mapOf = <T>(part: keyof Tree) => new Map<string, T>(Object.entries(read[part]));
  const tree: Tree = { files: mapOf('files'), links: mapOf('links'), folders: mapOf('folders') };
  for (const name of namesOf(tree)) {
    if (!isName(name)) throw new MissingContent(`The snapshot ${hash} has an entry that is no file name.`);
  }
  return tree;
}

export const namesOf = ({ files, links, folders }: Tree): string[] => [
  ...files.keys(),
  ...links.keys(),
  ...folders.keys(),
];

/** A name that stands for one entry of a folder. */
export const isName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && name.isWellFormed();

/**
 * Whether a link leads nowhere but into the workspace: up by no more folders than there are above it, then down. What
 * it meets on its way down may be links again, to which the same applies.
 *
 * @param depth number of folders between the workspace's own and the link
 */
export function staysInside(target: string, depth: number): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0') || !target.isWellFormed()) return false;
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  const ups = steps.findIndex((step) => step !== '..');
  const up = ups < 0 ? steps.length : ups;
  return up <= depth && !steps.slice(up).includes('..');
}

/** A file of a tree, with its path relative to the workspace. */
export interface TreeFile {
  path: string;
  sha256: string;
  bytes: number;
}

/** All files that are new in `after` or differ from `before`, in the order of their paths. Folders that are the same are not read. */
export async function changedFiles(trees: Blobs, before: string, after: string, path = ''): Promise<TreeFile[]> {
  if (before === after) return [];
  const [old, now] = await Promise.all([readTree(trees, before), readTree(trees, after)]);
  const found: TreeFile[] = [];
  for (const [name, [sha256, bytes]] of now.files) {
    if (old.files.get(name)?.[0] !== sha256) found.push({ path: path + name, sha256, bytes });
  }
  for (const [name, hash] of now.folders) {
    found.push(...(await changedFiles(trees, old.folders.get(name) ?? EMPTY_TREE, hash, `${path}${name}/`)));
  }
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}
