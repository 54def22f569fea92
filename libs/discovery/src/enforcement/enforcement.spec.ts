import { describe, expect, it } from '@jest/globals';
import type { Device, DeviceProfile } from '@nightjar/catalog';
import { ManualClock, NightjarError } from '@nightjar/common';
import type { CameraSettings, NightjarConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { ClockSettings, EncoderChange, OnvifClient } from '../client/onvif-client.js';
import { Enforcement } from './enforcement.js';

const PROFILE = {
  token: 'p',
  codec: 'H264',
  width: 1920,
  height: 1080,
  framesPerSecond: 25,
  gopFrames: 50,
  bitrateKbps: 4096,
  encoder: 'v1',
  streamUrl: 'rtsp://10.0.0.9:554/main?a=1',
} as DeviceProfile;

const DEVICE = {
  id: 1,
  endpoint: 'urn:uuid:1',
  serial: 'S',
  addresses: ['10.0.0.1'],
  serviceUrls: ['http://10.0.0.1/onvif/device_service'],
  changes: [],
  readAtMs: 1,
} as unknown as Device;

/** A camera that takes what `takes` lets it. */
function setUp(
  settings: Partial<CameraSettings>,
  takes: (change: EncoderChange) => EncoderChange = (change) => change,
) {
  const clock = new ManualClock();
  let profile = PROFILE;
  let time: ClockSettings = { ntp: [], source: 'Manual', timeZone: 'UTC0', daylightSavings: false };
  const asked: EncoderChange[] = [];
  const told: unknown[] = [];
  const kept: unknown[] = [];
  const enforce = { mode: 'apply', streams: {}, ...settings } as CameraSettings;
  const config = {
    cameras: {
      yard: {
        name: 'yard',
        streams: { main: { source: 'pull', url: 'rtsp://10.0.0.1/main?a=1' } },
        onvif: { device: 'S', enforce } as { device: string; enforce: CameraSettings | undefined },
      },
    },
  };
  const enforcement = new Enforcement({
    clock,
    config: () => config as unknown as NightjarConfig,
    devices: {
      read: (id, { profiles }, changes) => {
        kept.push({ gop: profiles?.[0]?.gopFrames, changes });
        return Promise.resolve(id);
      },
    },
    bus: {
      publish: (event) => {
        told.push(event.data);
        return Promise.resolve(undefined as never);
      },
    },
    open: () =>
      ({
        clockSettings: () => Promise.resolve(time),
        setClock: (change: Partial<ClockSettings>) => {
          time = { ...time, ...change, ...(change.ntp && { source: 'NTP' }) };
          return Promise.resolve();
        },
        setEncoder: (_token: string, change: EncoderChange) => {
          asked.push(change);
          return Promise.resolve(change).then((wanted) => {
            profile = Object.assign({ ...profile }, takes(wanted));
          });
        },
        read: () => Promise.resolve({ reading: { profiles: [profile] }, problem: undefined }),
      }) as unknown as OnvifClient,
    log: { info: () => undefined, warn: () => undefined },
  });
  return {
    enforcement,
    clock,
    asked,
    told,
    kept,
    config,
    look: () => enforcement.look({ ...DEVICE, profiles: [profile] }),
    differences: () => enforcement.list()[0]?.differences,
    time: () => time,
  };
}

const off = async (): Promise<number | undefined> =>
  (await metrics.cameraSettingsOff.get()).values.find(({ labels }) => labels.camera === 'yard')
    ?.value;

describe('a camera with declared settings', () => {
  it('is told of and left alone in a dry run', async () => {
    const { look, asked, told, differences, time } = setUp({
      mode: 'dry-run',
      ntp: ['10.0.0.5'],
      timeZone: 'CET-1',
      streams: {
        main: { gop: 'frame-rate', bitrate: 4096, resolution: { width: 1280, height: 720 } },
      },
    });
    await look();
    expect(asked).toEqual([]);
    expect(time().ntp).toEqual([]);
    expect(differences()).toEqual([
      { what: 'main resolution', is: '1920x1080', wanted: '1280x720', tries: 0, refusal: null },
      { what: 'main gop', is: '50', wanted: '25', tries: 0, refusal: null },
      { what: 'ntp', is: null, wanted: '10.0.0.5', tries: 0, refusal: null },
      { what: 'time zone', is: 'UTC0', wanted: 'CET-1', tries: 0, refusal: null },
    ]);
    expect(await off()).toBe(4);
    expect(told).toHaveLength(4);
    await look();
    expect(told).toHaveLength(4);
  });

  it('is set at once, read back, and no drift of it', async () => {
    const { look, asked, told, kept, differences, time } = setUp({
      ntp: ['10.0.0.5'],
      timeZone: 'CET-1',
      streams: { main: { gop: 'frame-rate', frameRate: 20, bitrate: 2048 } },
    });
    await look();
    expect(asked).toEqual([{ framesPerSecond: 20, bitrateKbps: 2048, gopFrames: 20 }]);
    expect(time()).toMatchObject({ ntp: ['10.0.0.5'], source: 'NTP', timeZone: 'CET-1' });
    expect(differences()).toEqual([]);
    expect(kept).toEqual([{ gop: 20, changes: [] }]);
    expect(told).toEqual([]);
    expect(await off()).toBe(0);
    await look();
    expect(asked).toHaveLength(1);
  });

  it('is asked for each value alone when it refuses them together', async () => {
    const { look, asked, differences } = setUp(
      { streams: { main: { bitrate: 2048, resolution: { width: 640, height: 360 } } } },
      (change) => {
        if (change.width !== undefined)
          throw new NightjarError(
            'protocol',
            'discovery/fault',
            'the device refuses: ConfigModify',
          );
        return change;
      },
    );
    await look();
    expect(asked).toHaveLength(3);
    expect(differences()).toEqual([
      {
        what: 'main resolution',
        is: '1920x1080',
        wanted: '640x360',
        tries: 1,
        refusal: 'the device refuses: ConfigModify',
      },
    ]);
  });

  it('is set three times a day, not for ever', async () => {
    const { look, asked, clock, differences } = setUp(
      { streams: { main: { gop: 25 } } },
      () => ({}),
    );
    for (let round = 0; round < 6; round++) await look();
    expect(asked).toHaveLength(3);
    expect(differences()).toMatchObject([{ what: 'main gop', tries: 3 }]);
    clock.advance(24 * 3_600_000);
    await look();
    expect(asked).toHaveLength(4);
  });

  it('whose stream is lost is told of', async () => {
    const { enforcement, differences } = setUp({ streams: { main: { gop: 25 } } });
    await enforcement.look({ ...DEVICE, profiles: [] });
    expect(differences()).toMatchObject([{ what: 'main profile', is: null, tries: 0 }]);
  });

  it('that does not answer is told of, and what was known stays', async () => {
    const { look, enforcement } = setUp({ streams: { main: { gop: 25 } } }, () => {
      throw new NightjarError('unavailable', 'discovery/unreachable', 'is not there');
    });
    await look();
    expect(enforcement.list()).toMatchObject([{ camera: 'yard', problem: 'is not there' }]);
  });

  it('that is to be set no more is forgotten', async () => {
    const { look, enforcement, config } = setUp({
      mode: 'dry-run',
      streams: { main: { gop: 25 } },
    });
    await look();
    expect(enforcement.list()).toHaveLength(1);
    config.cameras.yard.onvif.enforce = undefined;
    expect(enforcement.list()).toEqual([]);
    await look();
    expect(await off()).toBeUndefined();
  });
});
