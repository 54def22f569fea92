// What `npm start` and `npm test` share: everything between a fresh clone and a built tree. Runs on bare Node, before anything
// is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** What the build reads; a change in any of these makes it stale. */
const BUILD_INPUTS = [
  'apps',
  'libs',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
];
const BUILD_STAMP = path.join(root, 'dist', '.built-from');
const COMMAND = path.join(root, 'dist', 'apps', 'cli', 'src', 'main.js');

/** Prints one line with the remedy and ends this process. */
export function fail(message) {
  console.error(`nightjar: ${message}`);
  process.exit(1);
}

/** True for the versions that package.json names in `engines`: ^20.19 || >=22.12. */
export function isNodeSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

/** Checks Node, installs and builds what is missing or out of date. Silent when there is nothing to do. */
export function setUp() {
  if (!isNodeSupported(process.versions.node)) {
    fail(
      `needs Node.js 20.19 or later of the 20 line, or 22.12 or later; this is ${process.versions.node}. ` +
        'Install one from https://nodejs.org or your version manager.',
    );
  }
  if (!isInstalled()) {
    console.error('nightjar: installing packages (npm ci) ...');
    run(
      'npm ci',
      'npm',
      ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'],
      'mend what npm says above, then try again',
    );
  }
  if (builtFrom() !== hashOfInputs()) {
    console.error('nightjar: building ...');
    build();
  }
}

/** Builds into dist/ and makes `npx nightjar` run what was built. Ends this process when the build fails. */
export function build() {
  const inputs = hashOfInputs();
  run(
    'the build',
    process.execPath,
    [path.join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'],
    'mend the errors above',
  );
  // npm links the command of a package that is installed, not that of the one it stands in.
  const link = path.join(root, 'node_modules', '.bin', 'nightjar');
  rmSync(link, { force: true });
  symlinkSync(path.relative(path.dirname(link), COMMAND), link);
  chmodSync(COMMAND, 0o755);
  writeFileSync(BUILD_STAMP, inputs);
}

/** Runs a command in the foreground, called `what` in messages; ends this process when it fails. */
export function run(what, command, args, remedy) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (done.signal) process.exit(1); // Ctrl-C: the user knows.
  if (done.status !== 0) {
    fail(`${what} failed${done.error ? ` (${done.error.message})` : ''}: ${remedy}`);
  }
}

/** Compares what the lock file wants with what npm says it has put into node_modules. */
function isInstalled() {
  const wanted =
    readPackages(path.join(root, 'package-lock.json')) ??
    fail('package-lock.json is missing: clone again');
  const present = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (present === undefined) return false;
  return Object.entries(wanted).every(([where, entry]) => {
    if (where === '' || entry.optional || entry.devOptional) return true;
    return (
      present[where]?.version === entry.version && present[where]?.integrity === entry.integrity
    );
  });
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

function builtFrom() {
  return existsSync(BUILD_STAMP) ? readFileSync(BUILD_STAMP, 'utf8') : undefined;
}

function hashOfInputs() {
  const hash = createHash('sha256');
  for (const input of BUILD_INPUTS) {
    for (const file of filesBelow(input)) {
      hash
        .update(`${file}\0`)
        .update(readFileSync(path.join(root, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** Paths relative to the root, sorted; specs do not end up in the build. */
function filesBelow(relative) {
  const absolute = path.join(root, relative);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [relative];
  return readdirSync(absolute)
    .sort()
    .flatMap((name) => filesBelow(path.join(relative, name)))
    .filter((file) => !file.endsWith('.spec.ts'));
}
