interface Rule {
  allow: boolean;
  pattern: string;
}

/** The rules of a robots.txt that hold for one program. */
export type RobotsRules = readonly Rule[];

/** In characters; RFC 9309 asks to read at least the first 500 KiB. */
const MAX_LENGTH = 512 * 1024;

/**
 * Reads a robots.txt by RFC 9309: the rules of all groups that name the program, else of those for `*`.
 *
 * @param agent a User-Agent; the product token it begins with counts, in any case
 */
export function parseRobots(text: string, agent: string): RobotsRules {
  const token = productToken(agent);
  const own: Rule[] = [];
  const general: Rule[] = [];
  let namesOwn = false;
  let isForOwn = false;
  let isForAll = false;
  let inAgents = false;
  const lines = text
    .slice(0, MAX_LENGTH)
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/);
  for (const line of lines) {
    const record = line.split('#', 1)[0]!;
    const colon = record.indexOf(':');
    const key = record.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = record.slice(colon + 1).trim();
    if (key === 'user-agent') {
      if (!inAgents) isForOwn = isForAll = false;
      inAgents = true;
      if (value.startsWith('*')) isForAll = true;
      else if (token !== '' && productToken(value) === token) isForOwn = namesOwn = true;
    } else if (key === 'allow' || key === 'disallow') {
      inAgents = false;
      if (value === '') continue;
      const rule = { allow: key === 'allow', pattern: normalise(value) };
      if (isForOwn) own.push(rule);
      if (isForAll) general.push(rule);
    }
  }
  return namesOwn ? own : general;
}

/** Whether the rules let the program read an address: the longest matching rule decides, `allow` between equals. */
export function robotsAllow(rules: RobotsRules, url: URL): boolean {
  const path = normalise(url.pathname + url.search);
  if (path === '/robots.txt') return true;
  let best: Rule | undefined;
  for (const rule of rules) {
    if (!matches(rule.pattern, path)) continue;
    const longer = rule.pattern.length - (best?.pattern.length ?? -1);
    if (longer > 0 || (longer === 0 && rule.allow)) best = rule;
  }
  return best?.allow ?? true;
}

function productToken(agent: string): string {
  return /^[a-z_-]*/i.exec(agent.trim())![0].toLowerCase();
}

/** Percent-encodes what is not ASCII and undoes it for what needs none, so that spellings of one path are equal. */
function normalise(path: string): string {
  return path
    .toWellFormed()
    .replace(/[^\x00-\x7f]+/g, encodeURIComponent)
    .replace(/%([0-9a-f]{2})/gi, (encoded, hex) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
    });
}

/** Matches from the path's start; `*` is any text and a final `$` the end. Each part is searched once: no backtracking. */
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const [start = '', ...parts] = (anchored ? pattern.slice(0, -1) : pattern).split('*');
  if (!path.startsWith(start)) return false;
  let position = start.length;
  const last = anchored ? parts.pop() : undefined;
  for (const part of parts) {
    const found = path.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  if (!anchored) return true;
  return last === undefined ? position === path.length : path.length - last.length >= position && path.endsWith(last);
}
