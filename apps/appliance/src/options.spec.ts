import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseSource, parseArguments } from './options.js';

describe('parseArguments', () => {
  it('reads every flag', () => {
    expect(
      parseArguments([
        '--camera',
        'a=rtsp://x/1',
        '--camera',
        'b=rtsp://x/2',
        '--listen',
        '9000',
        '--data',
        'd',
      ]),
    ).toMatchObject({ cameras: ['a=rtsp://x/1', 'b=rtsp://x/2'], listen: 9000, dataDir: 'd' });
  });

  it('gives nothing when help is asked for', () => {
    expect(parseArguments(['--help'])).toBeUndefined();
  });

  it.each([
    [['--camra', 'x'], /'--camra'.*--help/],
    [['stray'], /stray.*--help/],
    [['--listen', '99999'], /--listen wants a port/],
    [['--listen', 'rtsp'], /--listen wants a port/],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});

describe('chooseSource', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-options-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is the demo when there is nothing else', () => {
    expect(chooseSource({}, {}, dir)).toEqual({ from: 'demo' });
  });

  it('finds nightjar.yaml in the working directory', () => {
    writeFileSync(path.join(dir, 'nightjar.yaml'), '');
    expect(chooseSource({}, {}, dir)).toEqual({
      from: 'file',
      file: path.join(dir, 'nightjar.yaml'),
    });
    expect(chooseSource({ demo: true }, {}, dir)).toEqual({ from: 'demo' });
  });

  it('prefers the flag to the environment and that to the working directory', () => {
    writeFileSync(path.join(dir, 'nightjar.yaml'), '');
    const environment = { NIGHTJAR_CONFIG: '/etc/n.yaml' };
    expect(chooseSource({}, environment, dir)).toEqual({ from: 'file', file: '/etc/n.yaml' });
    expect(chooseSource({ configFile: 'mine.yaml' }, environment, dir)).toEqual({
      from: 'file',
      file: path.join(dir, 'mine.yaml'),
    });
  });

  it('takes cameras from flags over the environment', () => {
    const cameras = ['a=rtsp://x/1'];
    expect(chooseSource({ cameras }, { NIGHTJAR_CONFIG: 'x' }, dir)).toEqual({
      from: 'flags',
      cameras,
    });
  });

  it.each([
    [{ configFile: 'x', demo: true }, '--config and --demo do not go together'],
    [
      { configFile: 'x', listen: 1 },
      '--listen does not go with a configuration file: set rtsp.port in x',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => chooseSource(options, {}, dir)).toThrow(message);
  });
});
