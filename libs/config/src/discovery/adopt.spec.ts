import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NightjarError } from '@nightjar/common';
import { parseConfig } from '../load.js';
import { parseNamePattern } from './name-pattern.js';

const RULE = { name: 'cam-{serial}', addresses: ['10.0.0.0/24'] };

async function adopting(adopt: object | undefined) {
  const file = JSON.stringify({ version: 1, discovery: { ...(adopt && { adopt }) } });
  return (await parseConfig(file, 'n.yaml', { CAMERAS: 'secret' })).config.discovery.adopt;
}

describe('rules of adoption', () => {
  it('are none unless written', async () => {
    expect(await adopting(undefined)).toBeUndefined();
  });

  it('have a login by file or environment, and a limit', async () => {
    const credentials = { username: 'u', passwordEnv: 'CAMERAS' };
    expect(await adopting({ rules: [{ ...RULE, make: 'Acme*', credentials }] })).toMatchObject({
      limit: 16,
      rules: [
        {
          name: 'cam-{serial}',
          addresses: [{ address: '10.0.0.0', prefix: 24 }],
          make: 'Acme*',
          credentials: { username: 'u', password: 'secret' },
          followsDevice: false,
        },
      ],
    });
  });

  it.each([
    [{ rules: [] }, /rules/],
    [{ limit: 0, rules: [RULE] }, /limit/],
    [{ rules: [{ name: 'cam' }] }, /addresses: is required/],
    [{ rules: [{ ...RULE, addresses: [] }] }, /addresses/],
    [{ rules: [{ ...RULE, name: 'Cam {serial}' }] }, /name: expected lower-case letters/],
    [{ rules: [{ ...RULE, name: '{model}' }] }, /name: expected lower-case letters/],
    [
      { rules: [{ ...RULE, credentials: { username: 'u', passwordEnv: 'NONE' } }] },
      /rules.*0.*credentials.passwordEnv: environment variable NONE is not set/,
    ],
  ])('are refused: %j', async (adopt, message) => {
    await expect(adopting(adopt)).rejects.toThrow(message);
  });

  it('never fail otherwise than with a NightjarError for a name', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseNamePattern(text)).toMatch(/^[a-z0-9{}-]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });
});
