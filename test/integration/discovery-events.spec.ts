import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import type { EventReport, Reporter } from '@nightjar/events';
import { createOnvifClients } from '@nightjar/discovery';
import { CameraEvents } from '../../libs/discovery/src/events/camera-events.js';
import { CameraSimulator, type SimulatorOptions } from '../../apps/camsim/src/simulator.js';
import { until } from '../support/until.js';

const LOGIN = { username: 'admin', password: 'secret' };

type Personality = NonNullable<NonNullable<SimulatorOptions['onvif']>['personalities']>[string];

describe('events of a camera', () => {
  const ending: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end();
  });

  async function simulate(personality: Personality, port = 0): Promise<CameraSimulator> {
    const simulator = new CameraSimulator({
      cameras: [{ name: 'yard', footage: 'garden' }],
      credentials: LOGIN,
      onvif: { port, personalities: { yard: personality } },
    });
    await simulator.start();
    return simulator;
  }

  async function hear(simulator: CameraSimulator) {
    const published: (Pick<EventReport, 'type' | 'state' | 'id'> & Reporter)[] = [];
    const heard: string[] = [];
    const events = new CameraEvents({
      camera: 'yard',
      client: createOnvifClients(systemClock)({
        url: simulator.onvif!.urls['yard']!,
        login: LOGIN,
      }),
      bus: {
        publish: (report, reporter) => {
          published.push({ ...report, ...reporter });
          return Promise.resolve([]);
        },
        endLeft: () => Promise.resolve([]),
      },
      clock: systemClock,
      debounceMs: 50,
      log: {
        info: (_fields, text) => heard.push(text),
        warn: (_fields, text) => heard.push(text),
      },
    });
    events.start();
    ending.push(() => events.stop());
    await until(() => heard.includes('events of the camera are heard'));
    return { events, published, heard };
  }

  it.each<[string, Personality, string]>([
    ['as ONVIF has them', { topics: 'alarm' }, 'motion'],
    ['of cells', { topics: 'cell', booleans: 'True' }, 'motion'],
    ['of regions', { topics: 'region', booleans: '1' }, 'motion'],
    ['of Reolink', { topics: 'reolink' }, 'person'],
    ['of Tapo', { topics: 'tapo' }, 'analytics'],
    ['of Axis', { topics: 'axis' }, 'motion'],
    [
      'of a clock that is wrong, by UsernameToken',
      { login: 'token', clockSkew: -40_000 },
      'motion',
    ],
    ['at an address that is wrong', { wrongXAddr: '192.0.2.1:8' }, 'motion'],
  ])(
    '%s',
    async (_name, personality, type) => {
      const simulator = await simulate(personality);
      ending.push(() => simulator.stop());
      // The state at the beginning is no event.
      simulator.onvif!.face('yard').signal({ motion: true });
      const { published } = await hear(simulator);
      simulator.onvif!.face('yard').signal({ motion: false });
      simulator.onvif!.face('yard').signal({ motion: true });
      await until(() => published.some(({ state }) => state === 'begin'));
      simulator.onvif!.face('yard').signal({ motion: false });
      await until(() => published.some(({ state }) => state === 'end'));
      expect(
        published.map(({ type, state, camera, source }) => [type, state, camera, source]),
      ).toEqual([
        [type, 'begin', 'yard', 'onvif'],
        [type, 'end', 'yard', 'onvif'],
      ]);
      expect(published[1]?.id).toBe(published[0]?.id);
    },
    30_000,
  );

  it('of tampering and inputs have types of their own', async () => {
    const simulator = await simulate({});
    ending.push(() => simulator.stop());
    const { published } = await hear(simulator);
    simulator.onvif!.face('yard').signal({ tamper: true });
    simulator.onvif!.face('yard').signal({ input: true });
    await until(() => published.length === 2);
    expect(new Set(published.map(({ type }) => type))).toEqual(
      new Set(['tamper', 'digital-input']),
    );
  }, 30_000);

  it('are heard again when the camera has been away', async () => {
    const first = await simulate({});
    const { port } = new URL(first.onvif!.urls['yard']!);
    const { published, heard } = await hear(first);
    await first.stop();
    await until(() => heard.includes('events of the camera are not heard'));
    heard.length = 0;
    const second = await simulate({}, Number(port));
    ending.push(() => second.stop());
    await until(() => heard.includes('events of the camera are heard'), 20_000);
    second.onvif!.face('yard').signal({ motion: true });
    await until(() => published.some(({ type }) => type === 'motion'));
  }, 60_000);
});
