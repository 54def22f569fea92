import { writeFileSync } from 'node:fs';
import { renderConfigReference } from '../src/reference.js';

/** `node dist/libs/config/tools/generate-config-reference.js` after a build, in the repository's root. */
writeFileSync('docs/ref/config.md', renderConfigReference());
