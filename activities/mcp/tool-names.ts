import { LEGAL_NAME } from '../tools/own-tool.ts';

const LONGEST = 64;

/**
 * The name by which the model calls a server's tool: the tool's own, or, where it is no legal name or taken, one with
 * the server's name before it. Adds it to `taken`, which is in lower case.
 */
export function modelName(server: string, tool: string, taken: Set<string>): string {
  const plain = legal(tool) && !taken.has(tool.toLowerCase()) ? tool : prefixed(server, tool, taken);
  taken.add(plain.toLowerCase());
  return plain;
}

/** Every object has properties of some names, which would be found where tools are looked up by name. */
const legal = (name: string): boolean => LEGAL_NAME.test(name) && !(name in {});

function prefixed(server: string, tool: string, taken: ReadonlySet<string>): string {
  const clean = (text: string) => text.replace(/[^A-Za-z0-9_-]+/g, '_');
  const whole = clean(`${server}_${tool}`).replace(/^[^A-Za-z]+/, '') || 'mcp_tool';
  for (let number = 1; ; number += 1) {
    const end = number === 1 ? '' : `_${number}`;
    const name = `${whole.slice(0, LONGEST - end.length)}${end}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}
