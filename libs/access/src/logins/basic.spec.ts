import { describe, expect, it } from '@jest/globals';
import { isBasic, parseBasic } from './basic.js';

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('parseBasic', () => {
  it.each([
    {
      name: 'user and password',
      header: `Basic ${encode('admin:secret')}`,
      login: { username: 'admin', password: 'secret' },
    },
    {
      name: 'a colon in the password',
      header: `basic ${encode('a:b:c')}`,
      login: { username: 'a', password: 'b:c' },
    },
    {
      name: 'letters beyond ASCII',
      header: `Basic ${encode('jörg:pässword')}`,
      login: { username: 'jörg', password: 'pässword' },
    },
    { name: 'no colon', header: `Basic ${encode('admin')}`, login: undefined },
    { name: 'another scheme', header: 'Bearer abc', login: undefined },
    { name: 'no base64', header: 'Basic a:b', login: undefined },
  ])('reads $name', ({ header, login }) => {
    expect(parseBasic(header)).toEqual(login);
  });

  it('is told from other schemes', () => {
    expect(['Basic', 'basic x', ' BASIC !', 'Basically x', 'Digest x'].map(isBasic)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
