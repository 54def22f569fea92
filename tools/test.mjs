// `npm test`: sets up what is missing, then runs jest. Arguments go to jest: `npm test -- --selectProjects unit`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureDebianPackages } from './debian.mjs';
import { root, setUp } from './setup.mjs';

const args = process.argv.slice(2);
const chosen = chosenProjects(args);

setUp();
if (chosen === undefined || chosen.some((project) => project !== 'unit')) ensureDebianPackages();
/** End-to-end tests start many processes, which mostly wait for each other: three at a time, and beside nothing else. */
const E2E_WORKERS = '--maxWorkers=3';
process.exit(
  chosen === undefined
    ? runAll()
    : jest([...(chosen.includes('e2e') ? [E2E_WORKERS] : []), ...args]),
);

function runAll() {
  // A path or name among the arguments may match tests of one half only.
  const filter = args.length === 0 ? [] : ['--passWithNoTests'];
  const quick = jest([
    ...args,
    ...filter,
    '--maxWorkers=100%',
    '--selectProjects',
    'unit',
    'integration',
  ]);
  const slow = jest([...args, ...filter, E2E_WORKERS, '--selectProjects', 'e2e']);
  return quick || slow;
}

function chosenProjects(given) {
  const at = given.findIndex(
    (arg) => arg === '--selectProjects' || arg.startsWith('--selectProjects='),
  );
  if (at === -1) return undefined;
  const inline = given[at].split('=')[1];
  if (inline !== undefined) return [inline];
  const rest = given.slice(at + 1);
  const end = rest.findIndex((arg) => arg.startsWith('-'));
  return end === -1 ? rest : rest.slice(0, end);
}

function jest(jestArgs) {
  const options = [
    process.env.NODE_OPTIONS,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
  ];
  const done = spawnSync(
    process.execPath,
    [path.join('node_modules', 'jest', 'bin', 'jest.js'), ...jestArgs],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, NODE_OPTIONS: options.filter(Boolean).join(' ') },
    },
  );
  return done.status ?? 1;
}
