import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { parseFlags } from './flags.js';

describe('parseFlags', () => {
  it('runs the demo cameras by default', () => {
    const { simulator, control } = parseFlags([], {});
    expect(simulator.cameras.map(({ name }) => name)).toEqual(['front-door', 'garden', 'workshop']);
    expect(simulator).toMatchObject({ host: '127.0.0.1', port: 8654, ownPorts: false });
    expect(simulator.credentials).toBeUndefined();
    expect(control).toEqual({ host: '127.0.0.1', port: 8655 });
  });

  it('makes many synthetic cameras for a benchmark', () => {
    const { simulator } = parseFlags(
      ['--count', '2', '--bitrate', '2.5M', '--fps', '30', '--gop', '60', '--codec', 'h265'],
      {},
    );
    expect(simulator.cameras).toEqual([
      { name: 'cam0', footage: 'synthetic' },
      { name: 'cam1', footage: 'synthetic' },
    ]);
    expect(simulator.synthetic).toEqual({
      codec: 'h265',
      bitsPerSecond: 2_500_000,
      framesPerSecond: 30,
      gopFrames: 60,
    });
  });

  it('reads named cameras, faults and the login', () => {
    const flags = parseFlags(
      ['--camera', 'a=gate', '--fault', 'a={"loss":0.1}', '--listen', '[::1]:0'],
      {
        CAMSIM_USERNAME: 'admin',
        CAMSIM_PASSWORD: 'secret',
      },
    );
    expect(flags.simulator).toMatchObject({
      host: '::1',
      port: 0,
      cameras: [{ name: 'a', footage: 'gate' }],
      credentials: { username: 'admin', password: 'secret' },
    });
    expect(flags.faults).toEqual([{ camera: 'a', faults: { loss: 0.1 } }]);
  });

  it('reads the ONVIF side', () => {
    const args = ['--onvif', '0', '--discovery', 'all', '--personality', 'a={"media2":false}'];
    expect(parseFlags(args, {}).simulator.onvif).toEqual({
      port: 0,
      discovery: [],
      personalities: { a: { media2: false } },
    });
    expect(parseFlags([], {}).simulator.onvif).toBeUndefined();
  });

  it.each([
    [['--listen', '8554']],
    [['--onvif', 'x']],
    [['--onvif', '0', '--personality', 'a']],
    [['--onvif', '0', '--personality', 'a={"topics":"x"}']],
    [['--onvif', '0', '--personality', 'a={"toString":1}']],
    [['--listen', 'host:70000']],
    [['--camera', 'a']],
    [['--fps', '0']],
    [['--bitrate', 'fast']],
    [['--codec', 'av1']],
    [['--nonsense']],
  ])('refuses %j', (args) => {
    expect(() => parseFlags(args, {})).toThrow(NightjarError);
  });
});
