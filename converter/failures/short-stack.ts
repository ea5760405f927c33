/** A file's place in a frame, with or without `file:`: `/home/ann/app/worker/run.ts`, `C:\app\run.js`. */
const PATH = /(?<=[\s(])(?:file:\/\/)?(?:[A-Za-z]:)?[\\/][^\s():'"]*[\\/]([^\s():'"\\/]+)/g;

/** From the last of these on, a path is a package's or ours, the same on every machine. */
const INNER = /^.*[\\/]((?:protocol|store|converter|workflows|activities|worker|client|local)[\\/].*)$/;

/** A stack without the places of this machine: packages and our own files by their path inside, others by their name. */
export const shortStack = (stack: string): string =>
  stack
    .split('\n')
    .map((line) => (/^\s*at /.test(line) ? line.replace(PATH, (path, name: string) => lastInner(path) ?? name) : line))
    .join('\n');

function lastInner(path: string): string | undefined {
  const modules = path.lastIndexOf('node_modules');
  if (modules >= 0) return path.slice(modules);
  return INNER.exec(path)?.[1];
}
