import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import { awaitPicture, type Picture } from './await-picture.js';
import { createRtspSource } from './rtsp-source.js';
import { Camera } from './testing/camera.js';

const IDR = [0x65, 0x88, 0x84];
const NO_IDR = [0x41, 0x9a, 0x02];

let camera: Camera;
let clock: ManualClock;
let port: number;

beforeEach(async () => {
  camera = new Camera();
  clock = new ManualClock();
  port = await camera.open();
});
afterEach(() => camera.close());

let heard = 0;

const ask = (attempts = 1): Promise<Picture> =>
  awaitPicture(
    { url: `rtsp://127.0.0.1:${port}/live`, transport: 'tcp' },
    { timeoutMs: 2_000, attempts },
    clock,
    (options, sink) =>
      createRtspSource(options, {
        ...sink,
        rtp: (...packet) => {
          heard += 1;
          sink.rtp(...packet);
        },
      }),
  );

/** Lets socket events run, doing `each` between, until `condition` holds. */
async function until(condition: () => boolean, each: () => void = () => undefined): Promise<void> {
  while (!condition()) {
    each();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const playing = (): Promise<void> => until(() => camera.methods.includes('PLAY'));

let sequence = 0;
function send(payload: readonly number[]): void {
  sequence += 1;
  const header = { payloadType: 96, sequence, timestamp: sequence * 3_600, ssrc: 1, marker: true };
  camera.media(encodeRtp(header, Buffer.from(payload)));
}

/** Lets time pass until the camera is given up. */
async function givenUp(asked: Promise<Picture>): Promise<unknown> {
  let error: unknown;
  asked.catch((reason: unknown) => (error = reason));
  await until(
    () => error !== undefined,
    () => clock.advance(100),
  );
  return error;
}

describe('awaitPicture', () => {
  it('ends with the first keyframe, and leaves the camera', async () => {
    const asked = ask();
    await playing();
    send(NO_IDR);
    send(IDR);
    expect(await asked).toMatchObject({
      tracks: [{ format: { codec: 'h264' } }],
      bytes: 2 * (12 + IDR.length),
    });
    expect(camera.methods.at(-1)).toBe('TEARDOWN');
  });

  it('tells a stream that is silent from one without keyframes', async () => {
    const silent = ask();
    await playing();
    expect(await givenUp(silent)).toMatchObject({
      kind: 'unavailable',
      message: 'connected, and nothing came within 2 s',
    });
    camera.requests.length = 0;
    const endless = ask();
    await playing();
    heard = 0;
    send(NO_IDR);
    await until(() => heard > 0);
    expect(await givenUp(endless)).toMatchObject({
      message: expect.stringMatching(/^connected, .*no keyframe within 2 s$/),
    });
  });

  it('asks once for a login that is refused, however many attempts there are', async () => {
    camera.script = () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });
    expect(await givenUp(ask(3))).toMatchObject({
      kind: 'unauthenticated',
      code: 'relay/no-picture',
      where: { reason: 'unauthorized' },
    });
    expect(camera.connections).toHaveLength(1);
  });

  it('gives up after so many attempts', async () => {
    camera.script = (_, socket) => {
      socket.destroy();
      return 'mute';
    };
    expect(await givenUp(ask(2))).toMatchObject({ where: { reason: expect.any(String) } });
    expect(camera.connections).toHaveLength(2);
  });
});
