// `npm run bench:guard`: sets up what is missing, then compares counted work (system calls, allocations) with its budget.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDebianPackages } from './debian.mjs';
import { root, setUp } from './setup.mjs';

setUp();
ensureDebianPackages();
process.chdir(root);
const guard = path.join(root, 'dist', 'apps', 'bench', 'src', 'guard', 'main.js');
await import(pathToFileURL(guard).href);
