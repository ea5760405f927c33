import { relative } from 'node:path';
import { InvalidInput } from '../../errors.ts';
import type { DeepResearchClient, ResearchSession, SessionArtifact } from '../../index.ts';
import { printJson } from '../print-json.ts';
import type { Surroundings } from '../program.ts';
import { cleanLine } from '../text.ts';

/** Lists the files that a session gives back, or saves them: those that are named, else all. */
export async function artifacts(
  client: DeepResearchClient,
  id: string,
  names: string[],
  { out, json }: { out?: string; json?: true },
  world: Pick<Surroundings, 'out' | 'err'>,
): Promise<void> {
  const session = await client.attach(id);
  const found = await session.artifacts();
  const unknown = names.find((name) => !found.some((artifact) => artifact.name === name));
  if (unknown !== undefined) {
    const there = found.map(({ name }) => name).join(', ') || 'none';
    throw new InvalidInput(`The session has no file "${unknown}"; it has ${there}.`);
  }
  const wanted = names.length > 0 ? found.filter(({ name }) => names.includes(name)) : found;
  const saving = out !== undefined || names.length > 0;
  const paths = saving ? await save(wanted, out ?? '.') : [];
  if (json) {
    const listed = wanted.map(({ name, bytes, type, sha256 }, index) => ({
      name,
      bytes,
      type,
      sha256,
      path: paths[index],
    }));
    return printJson(world.out, listed);
  }
  if (saving) return tellSaved(paths, world.err);
  if (found.length === 0) world.err.write('The session gives back no files.\n');
  for (const { name, bytes, type } of found) world.out.write(`${cleanLine(name)}  ${type}  ${bytes} bytes\n`);
}

/** Saves all that a session gives back. */
export async function saveArtifacts(
  session: ResearchSession,
  folder: string,
  err: { write(text: string): unknown },
): Promise<void> {
  tellSaved(await save(await session.artifacts(), folder), err);
}

async function save(wanted: SessionArtifact[], folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const artifact of wanted) paths.push(await artifact.saveTo(folder));
  return paths;
}

function tellSaved(paths: string[], err: { write(text: string): unknown }): void {
  for (const path of paths) {
    const near = relative('.', path);
    err.write(`Saved ${cleanLine(near.startsWith('..') ? path : near)}\n`);
  }
}
