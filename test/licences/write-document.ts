import { writeFileSync } from 'node:fs';
import { licencesDocument } from './licences.ts';

writeFileSync('docs/licences.md', licencesDocument());
