/** A number as it stands in a text: JavaScript has no 1.0 and no large integers. */
class WrittenNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Parses JSON for `pythonJson`. @throws SyntaxError */
export function parseForPython(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && source !== undefined ? new WrittenNumber(source) : value,
  );
}

/** JSON with the blanks that Python writes: the form in which the original gives its model a result that is no text. */
export function pythonJson(value: unknown): string {
  if (value instanceof WrittenNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${pythonJson(field)}`);
  return `{${fields.join(', ')}}`;
}
