import { describe, expect, it } from '@jest/globals';
import { ConfigError, printIssue } from '../issue.js';
import { parseConfig } from '../load.js';

async function messageFor(text: string): Promise<string> {
  const error = await parseConfig(text, 'n.yaml', {}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).issues.map(printIssue).join('\n');
}

describe('a wrong user is told with line, column, key and remedy', () => {
  it.each([
    [
      'a password that is no hash',
      'version: 1\nusers:\n  ann: { passwordHash: hunter2 }',
      'n.yaml:3:24: users.ann.passwordHash: expected ha1-md5:HEX, ha1-sha256:HEX or scrypt:ln=N,r=N,p=N:SALT:HASH, as `nightjar user hash` prints',
    ],
    [
      'two hashes of one kind',
      `version: 1\nusers:\n  ann: { passwordHash: ['ha1-md5:${'0'.repeat(32)}', 'ha1-md5:${'1'.repeat(32)}'] }`,
      'n.yaml:3:24: users.ann.passwordHash: holds two hashes of one kind; a user has one password',
    ],
    [
      'a user with a colon',
      'version: 1\nusers:\n  "a:b": { passwordEnv: PATH }',
      'n.yaml:3:3: users.a:b: a user name is 1 to 63 letters, digits and . _ @ -, the first a letter or a digit',
    ],
    [
      'permissions beside a role',
      'version: 1\nusers:\n  ann: { passwordEnv: X, role: viewer, permissions: [{ actions: [view] }] }',
      'n.yaml:3:23: users.ann.passwordEnv: environment variable X is not set\nn.yaml:3:40: users.ann.permissions: stand instead of role, cameras and groups; keep one',
    ],
    [
      'permission for no such group',
      'version: 1\ngroups: { yard: {} }\nusers:\n  ann: { passwordEnv: X, permissions: [{ actions: [view], groups: [yrad] }] }',
      'n.yaml:4:23: users.ann.passwordEnv: environment variable X is not set\nn.yaml:4:68: users.ann.permissions.0.groups.0: there is no group "yrad"; did you mean "yard"?',
    ],
    [
      'a network that is none',
      'version: 1\naccess: { allowFrom: [10.0.0.0/40] }',
      'n.yaml:2:23: access.allowFrom.0: the prefix of an ipv4 network is 0 to 32',
    ],
  ])('%s', async (_name, text, message) => {
    expect(await messageFor(text)).toBe(message);
  });
});
