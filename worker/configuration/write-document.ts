import { writeFileSync } from 'node:fs';
import { configurationDocument } from './table.ts';

writeFileSync(new URL('../../docs/configuration.md', import.meta.url), configurationDocument());
