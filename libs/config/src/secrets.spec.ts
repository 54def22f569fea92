import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { readSecret } from './secrets.js';

const folder = mkdtempSync(path.join(tmpdir(), 'nightjar-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(path.join(folder, 'gate'), 's3cret\n');

it.each(['$CREDENTIALS_DIRECTORY/gate', '${CREDENTIALS_DIRECTORY}/gate'])(
  'reads %s',
  async (file) => {
    const environment = { CREDENTIALS_DIRECTORY: folder };
    expect(await readSecret({ file }, '/etc/nightjar', environment)).toEqual({
      ok: true,
      value: 's3cret',
    });
  },
);

it('says who has credentials when there are none', async () => {
  const secret = await readSecret({ file: '$CREDENTIALS_DIRECTORY/gate' }, folder, {});
  expect(secret).toMatchObject({ ok: false, reason: expect.stringContaining('LoadCredential=') });
});

it('takes the name for an ordinary one elsewhere in a path', async () => {
  const file = 'x/$CREDENTIALS_DIRECTORY/gate';
  const secret = await readSecret({ file }, folder, { CREDENTIALS_DIRECTORY: folder });
  expect(secret).toMatchObject({ ok: false, reason: expect.stringContaining('no such file') });
});
