import { readFileSync } from 'node:fs';

interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
}

/** Of packages that name their licence in the old way, which the lock file leaves out; read in the packages themselves. */
const OLD_FORM: Record<string, string> = {
  buildcheck: 'MIT',
  'cpu-features': 'MIT',
  ssh2: 'MIT',
  unionfs: 'Unlicense',
};

/** What asks for no more than its notice. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
  'Zlib',
]);

/**
 * Libraries that are linked when the program runs and can be replaced by whoever has it, which is what the LGPL asks:
 * `sharp` loads libvips as a package of its own.
 */
const REPLACEABLE = /^@img\/sharp(-libvips)?-/;

export interface Licensed {
  name: string;
  version: string;
  licence: string;
}

/** The packages that run in production, on whatever platform, by the lock file. */
export function productionPackages(lockFile = 'package-lock.json'): Licensed[] {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, LockedPackage> };
  const found = Object.entries(packages).flatMap(([path, { version = '', license, dev }]): Licensed[] => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return path === '' || dev ? [] : [{ name, version, licence: license ?? OLD_FORM[name] ?? 'unknown' }];
  });
  const unique = new Map(found.map((one) => [`${one.name} ${one.version}`, one]));
  return [...unique.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whether a package may run in production: each licence of all that hold, or one of those to choose from. */
export function isAllowed({ name, licence }: Licensed): boolean {
  const plain = licence.replace(/[()]/g, '');
  const permissive = (each: string) => PERMISSIVE.has(each) || (/^LGPL/.test(each) && REPLACEABLE.test(name));
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every(permissive));
}

/** docs/licences.md */
export function licencesDocument(packages = productionPackages()): string {
  const byLicence = Map.groupBy(packages, ({ licence }) => licence);
  const rows = [...byLicence].sort(([, one], [, other]) => other.length - one.length);
  return [
    '# Licences',
    '<!-- Written by `npm run licences` from package-lock.json. -->',
    `The ${packages.length} packages that run in production, on any platform, by licence. What each of our own dependencies is for: [dependencies.md](dependencies.md).`,
    '',
    '| licence | packages |',
    '|---|---|',
    ...rows.map(
      ([licence, of]) => `| ${licence} | ${of.map(({ name, version }) => `${name} ${version}`).join(', ')} |`,
    ),
    '',
    'All but one ask for no more than that their notice is kept. The one is libvips (LGPL), which `sharp` loads as a package of its own, so that it can be replaced.',
    '',
  ].join('\n');
}
