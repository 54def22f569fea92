// `npm run bench`: sets up what is missing, then measures. Arguments choose cases: `npm run bench -- fan-out-tcp`, `--list`
// tells which there are; `--peer mediamtx=PATH` measures another relay in the same run, `--json FILE` writes the figures.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp();
await import(pathToFileURL(path.join(root, 'dist', 'apps', 'bench', 'src', 'main.js')).href);
