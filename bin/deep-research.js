#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A clone has the sources and runs them as they are; the package has what was built from them.
const source = new URL('../client/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : '../dist/client/cli/main.js');
