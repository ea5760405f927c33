/** One JSON document with a final newline. */
export function printJson(out: { write(text: string): unknown }, value: unknown): void {
  out.write(`${JSON.stringify(value, null, 2)}\n`);
}
