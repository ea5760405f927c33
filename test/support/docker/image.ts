import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the tests' image holds; with all they need about 150 MB. */
const PACKAGES = [
  'base-files',
  'libc-bin',
  'bash',
  'coreutils',
  'findutils',
  'grep',
  'sed',
  'util-linux',
  'mount',
  'login',
  'python3',
];

/** Of no use to a program that runs. */
const LEFT_OUT = /^\/usr\/share\/(doc|info|lintian|locale|man|zoneinfo)\//;

/** Links at the root of a merged /usr. */
const ROOT_LINKS = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * Writes an archive of a root file system made of this machine's own Debian packages: no registry and no network is
 * needed, and it takes a second. Throws a sentence on a machine without dpkg.
 */
export function writeRootFileSystem(archive: string): void {
  const files = new Set<string>();
  for (const listed of query(['-L', ...closure(PACKAGES)]).split('\n')) {
    if (!listed.startsWith('/') || LEFT_OUT.test(listed)) continue;
    const stats = lstatSync(listed, { throwIfNoEntry: false });
    // Packages name files by /bin and /lib, which are links.
    if (stats && !stats.isDirectory())
      files.add(join(realpathSync(dirname(listed)), listed.slice(dirname(listed).length)));
  }
  for (const name of ROOT_LINKS) {
    if (lstatSync(`/${name}`, { throwIfNoEntry: false })?.isSymbolicLink()) files.add(`/${name}`);
  }
  const list = `${archive}.${process.pid}.files`;
  writeFileSync(list, [...files].map((path) => path.slice(1)).join('\n'));
  const draft = `${archive}.${process.pid}.draft`;
  const made = spawnSync('tar', ['-C', '/', '--no-recursion', '-cf', draft, '-T', list], { encoding: 'utf8' });
  if (made.status !== 0)
    throw new Error(`No root file system could be made for the tests of containers: ${made.stderr}`);
  renameSync(draft, archive);
}

/** Packages and all that they depend on, as they are installed here. */
function closure(packages: string[]): string[] {
  const found = new Set<string>();
  for (let wave = packages; wave.length > 0; ) {
    for (const name of wave) found.add(name);
    const depends = query(['-W', `-f=${field('Pre-Depends')}, ${field('Depends')}\n`, ...wave]);
    const named = depends.split(/[,|\n]/).map((one) => one.replace(/\(.*|:.*/g, '').trim());
    wave = [...new Set(named)].filter((name) => name !== '' && !found.has(name));
  }
  const states = query(['-W', `-f=${field('Package')} ${field('Status')}\n`, ...found]).split('\n');
  return states.flatMap((line) => (/ installed$/.test(line) ? [line.split(' ')[0]!] : []));
}

/** As dpkg-query writes it. */
const field = (name: string) => `\${${name}}`;

/** Unknown packages (virtual ones, alternatives) make it exit with an error and tell of the others. */
function query(args: string[]): string {
  try {
    return execFileSync('dpkg-query', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    const { code, stdout } = error as { code?: string; stdout?: string };
    if (code === 'ENOENT')
      throw new Error('The tests of containers make their image of Debian packages: dpkg is missing.');
    return stdout ?? '';
  }
}
