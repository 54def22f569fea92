import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.js';

const KNOWN = ['fan-out-tcp', 'join'];

describe('the command line', () => {
  it('runs the default cases without a word', () => {
    const nothing = { cases: [], peers: [], json: undefined, minutes: undefined, list: false };
    expect(parseOptions([], KNOWN)).toEqual(nothing);
  });

  it('names cases, peers, a file for the figures and a length', () => {
    const words = ['join', '--json', 'out.json', '--minutes', '0.5', 'fan-out-tcp'];
    expect(
      parseOptions([...words, '--peer', 'mediamtx=./mtx', '--peer=go2rtc=/opt/a=b'], KNOWN),
    ).toEqual({
      cases: ['join', 'fan-out-tcp'],
      peers: [
        { name: 'mediamtx', binary: path.resolve('mtx') },
        { name: 'go2rtc', binary: '/opt/a=b' },
      ],
      json: 'out.json',
      minutes: 0.5,
      list: false,
    });
  });

  it.each([
    ['an unknown case', ['joins'], /no such case: joins; there are fan-out-tcp, join/],
    ['an unknown peer', ['--peer', 'vlc=/usr/bin/vlc'], /NAME one of mediamtx, go2rtc, live555/],
    ['a peer without a path', ['--peer', 'go2rtc='], /NAME=PATH/],
    ['a peer without a name', ['--peer', '/usr/bin/go2rtc'], /NAME=PATH/],
    ['no length', ['--minutes', 'long'], /--minutes wants a positive number, not "long"/],
    ['an unknown option', ['--fast'], /--fast/],
  ])('refuses %s', (_, args, message) => {
    expect(() => parseOptions(args, KNOWN)).toThrow(message);
  });
});
