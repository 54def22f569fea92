// `npm start`: sets up what is missing, then is the appliance - in this very process, so that signals and the exit code are its own.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp();
await import(pathToFileURL(path.join(root, 'dist', 'apps', 'appliance', 'src', 'main.js')).href);
