/** Somebody's own workflow, beside which the plugin puts ours. */
export async function greet(name: string): Promise<string> {
  return `Hello, ${name}`;
}

/** Temporal's handler of unknown workflow types. */
export default async function anything(): Promise<string> {
  return 'anything';
}
