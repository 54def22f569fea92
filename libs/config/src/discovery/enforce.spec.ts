import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../load.js';

const file = (discovery: object, onvif: object): string =>
  JSON.stringify({
    version: 1,
    discovery,
    cameras: {
      yard: {
        streams: {
          main: 'rtsp://10.0.0.1/main',
          sub: 'rtsp://10.0.0.1/sub',
          pushed: { source: 'publish' },
        },
        onvif: { device: 'S-1', ...onvif },
      },
    },
  });

async function enforced(discovery: object, onvif: object) {
  const { config } = await parseConfig(file(discovery, onvif), 'n.yaml', {});
  return config.cameras['yard']?.onvif?.enforce;
}

describe('how a camera is to be set', () => {
  it('is undefined unless something says so', async () => {
    expect(await enforced({}, {})).toBeUndefined();
  });

  it('is of the stream, else of the camera, else of all cameras', async () => {
    const enforce = {
      ntp: ['10.0.0.1'],
      timeZone: 'UTC0',
      encoder: { gop: 'frame-rate', bitrate: 2000 },
    };
    expect(
      await enforced(
        { enforce },
        {
          enforce: {
            mode: 'apply',
            timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3',
            encoder: { bitrate: 4000 },
            streams: {
              main: { codec: 'h265', resolution: '1920x1080', frameRate: 25, bitrate: 8000 },
            },
          },
        },
      ),
    ).toEqual({
      mode: 'apply',
      ntp: ['10.0.0.1'],
      timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3',
      streams: {
        main: {
          codec: 'H265',
          resolution: { width: 1920, height: 1080 },
          frameRate: 25,
          bitrate: 8000,
          gop: 'frame-rate',
        },
        sub: { gop: 'frame-rate', bitrate: 4000 },
      },
    });
  });

  it('is a dry run unless said otherwise', async () => {
    expect(await enforced({ enforce: {} }, {})).toMatchObject({ mode: 'dry-run' });
    expect(await enforced({}, { enforce: { timeZone: 'UTC0' } })).toMatchObject({
      mode: 'dry-run',
    });
    expect(await enforced({ enforce: { mode: 'apply' } }, {})).toMatchObject({ mode: 'apply' });
  });

  it.each([
    [{ streams: { lost: {} } }, /enforce.streams.lost: there is no stream lost that is pulled/],
    [{ streams: { pushed: {} } }, /there is no stream pushed that is pulled/],
    [{ mode: 'force' }, /enforce.mode/],
    [{ timeZone: 'Europe/Berlin' }, /enforce.timeZone: expected a time zone as POSIX writes it/],
    [{ ntp: ['10.0.0'] }, /enforce.ntp/],
    [{ encoder: { gop: 0 } }, /enforce.encoder.gop/],
    [{ encoder: { resolution: '1080p' } }, /enforce.encoder.resolution: expected width and height/],
    [{ encoder: { quality: 3 } }, /quality/],
  ])('is refused: %j', async (enforce, message) => {
    await expect(enforced({}, { enforce })).rejects.toThrow(message);
  });
});
