// `npm run chart`: tests of the Helm chart, with a Helm that is built from its Go module where there is none. `-- --update` writes
// what the chart renders to test/chart/golden; read the difference before it is committed. No part of `npm test`: without Go they cannot run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fail, root, setUp } from './setup.mjs';

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.19.2';
/** What Helm takes a cluster for that it cannot ask; its releases are built so too. */
const KUBERNETES = ['Major=1', 'Minor=33'].map(
  (part) => `-X helm.sh/helm/v3/pkg/chartutil.k8sVersion${part}`,
);
const BIN = path.join(root, 'node_modules', '.cache', 'nightjar-helm');
const [flag, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (flag !== undefined && flag !== '--update' && flag !== '--get-helm')) {
  fail('usage: npm run chart [-- --update | --get-helm]');
}

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** The command, or undefined where it can neither be found nor be built. */
function findHelm() {
  const built = path.join(BIN, 'helm');
  if (works('helm', 'version')) return 'helm';
  if (existsSync(built)) return built;
  if (!works('go', 'version')) return undefined;
  console.error(`nightjar: building ${HELM} ...`);
  const env = { ...process.env, GOBIN: BIN, GOFLAGS: '-buildvcs=false' };
  const { status } = spawnSync('go', ['install', '-ldflags', KUBERNETES.join(' '), HELM], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0 ? built : undefined;
}

const helm = findHelm();
if (helm === undefined) {
  console.error(
    'nightjar: the chart was not tested: there is no Helm, and no Go that could build it',
  );
  process.exit(0);
}
if (flag === '--get-helm') process.exit(0);
setUp();
const jest = [path.join('node_modules', 'jest', 'bin', 'jest.js'), '--selectProjects', 'chart'];
const done = spawnSync(process.execPath, jest, {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
    HELM: helm,
    UPDATE_GOLDEN: flag === '--update' ? '1' : '',
  },
});
process.exit(done.status ?? 1);
