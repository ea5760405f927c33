const CODES = ['ENOSPC', 'EDQUOT'];

/** The machine has no room left, which is not the fault of what wanted to write; also as the cause of another error. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (CODES.includes((at as NodeJS.ErrnoException).code ?? '')) return true;
  }
  return false;
}

export function diskFull(message: string): Error {
  return Object.assign(new Error(message), { code: 'ENOSPC' });
}
