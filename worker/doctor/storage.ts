import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Of } from '../../store/blobs.ts';
import { type Place, placeInWords, storeAt } from '../../store/place.ts';
import type { Configuration } from '../configuration/index.ts';
import { type Finding, findingsOf } from './finding.ts';

const GIB = 2 ** 30;
const ROOM = { bad: GIB, warning: 5 * GIB };

const { good, warning, bad } = findingsOf('Storage');

/** Whether what is kept can be kept: folders that take files, a store that gives back what it took, room on the disk. */
export async function checkStorage(configuration: Configuration): Promise<Finding[]> {
  const { stateDir, batches, filesDir, cache, store } = configuration;
  const shared: [string, Place][] = [['DEEP_RESEARCH_STORE_DIR', store.place]];
  if (cache.on && cache.s3) shared.push(['DEEP_RESEARCH_CACHE_DIR', { s3: cache.s3 }]);
  else if (cache.on && cache.folder) shared.push(['DEEP_RESEARCH_CACHE_DIR', { folder: cache.folder }]);
  if (batches && 's3' in batches) shared.push(['DEEP_RESEARCH_BATCH_DIR', batches]);
  return [
    ...writable('DEEP_RESEARCH_STATE_DIR', stateDir),
    ...(batches && 'folder' in batches ? writable('DEEP_RESEARCH_BATCH_DIR', batches.folder) : []),
    ...(filesDir ? readable('DEEP_RESEARCH_FILES_DIR', filesDir) : []),
    ...(await Promise.all(shared.map(([variable, place]) => givesBack(variable, place)))).flat(),
    ...isShared(configuration),
  ];
}

function writable(variable: string, folder: string): Finding[] {
  const probe = join(folder, `.doctor-${randomUUID()}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, 'doctor');
    rmSync(probe);
  } catch (error) {
    return [
      bad(
        `${variable}: no file can be written into ${folder} (${(error as NodeJS.ErrnoException).code}).`,
        'make it writable for the user that runs the worker, or name another folder',
      ),
    ];
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const room = `${(free / GIB).toFixed(1)} GiB free in ${folder}`;
  const mend = `make room, or let ${variable} name a folder on a larger disk`;
  if (free < ROOM.bad) return [bad(`${variable}: only ${room}.`, mend)];
  if (free < ROOM.warning) return [warning(`${variable}: only ${room}.`, mend)];
  return [good(`${variable}: ${room}.`)];
}

function readable(variable: string, folder: string): Finding[] {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return [good(`${variable}: ${folder} can be read.`)];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [bad(`${variable}: ${folder} cannot be read (${code}).`, 'make it, or name another folder')];
  }
}

async function givesBack(variable: string, place: Place): Promise<Finding[]> {
  const where = placeInWords(place);
  const name = `doctor/${sha256Of(randomUUID())}`;
  try {
    const store = storeAt(place);
    const written = new TextEncoder().encode(name);
    await store.write(name, written);
    const read = await store.read(name);
    await store.remove(name);
    if (!read || Buffer.compare(read, written) !== 0) throw new Error('what was written is not what is read');
    return [good(`${variable}: ${where} gives back what it takes.`)];
  } catch (error) {
    return [
      bad(
        `${variable}: ${where} cannot be used: ${(error as Error).message}`,
        'check the address, the keys and the rights',
      ),
    ];
  }
}

/** Workers of split roles are meant for several machines; those share nothing unless they are told to. */
function isShared({ roles, variables }: Configuration): Finding[] {
  if (!roles || variables.DEEP_RESEARCH_STORE_DIR) return [];
  return [
    warning(
      'DEEP_RESEARCH_STORE_DIR: the store is in the state folder of this machine alone: a session cannot go on when its host is lost, and large payloads can be read here only.',
      'name a folder or bucket that all workers and clients share',
    ),
  ];
}
