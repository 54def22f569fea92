import { describe, expect } from '@jest/globals';
import { parseMediaProperties, parseTransport } from '@nightjar/rtsp';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { decodedPictures } from './support/ffmpeg.js';
import { footageOf } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { runProgram } from './support/program.js';
import { RtspClient } from './support/rtsp-client.js';
import { sharedStage, type Stage } from './support/stage.js';

const CAMERA = 'front-door';
const RECORDED_SECONDS = 7;
const WATCHED_SECONDS = 3;
const LIVE_PICTURES = 30;
const CHECKSUM = /^\d+:\d\d:\d\d\.\d+ [0-9a-f]{40}$/;

interface Served {
  readonly nightjar: Installation;
  /** URL of a part of the recording. */
  readonly recording: string;
}

async function startServing(stage: Stage): Promise<Served> {
  const cameras = await Cameras.start(stage, { [CAMERA]: CAMERA });
  const nightjar = await Installation.create(stage, {
    recording: { segment: '3s' },
    cameras: { [CAMERA]: recordedCameraAt(cameras.url(CAMERA)) },
  });
  await nightjar.startMedia();
  await eventually(
    async () =>
      expect(await nightjar.recordedSeconds(CAMERA)).toBeGreaterThanOrEqual(RECORDED_SECONDS),
    { withinMs: 20_000, everyMs: 250 },
  );
  const [first] = await footageOf(nightjar.volume, CAMERA);
  const startMs = first!.pictures[0]!.wallMs;
  const at = (ms: number): string => new Date(Math.round(ms)).toISOString();
  const end = at(startMs + WATCHED_SECONDS * 1000);
  return {
    nightjar,
    recording: nightjar.url(`playback/${CAMERA}?start=${at(startMs)}&end=${end}`),
  };
}

/** What GStreamer plays in RTSP 2.0: a checksum of each picture, and the requests and answers as it logs them. */
async function played(
  url: string,
  transport: 'tcp' | 'udp',
  pictures = Infinity,
): Promise<{ readonly pictures: number; readonly log: string }> {
  const pipeline = [
    `rtspsrc location=${url} protocols=${transport} default-rtsp-version=2-0 latency=0`,
    'rtph264depay ! h264parse ! avdec_h264',
    Number.isFinite(pictures) ? `identity eos-after=${pictures + 1}` : 'identity',
    'checksumsink',
  ].join(' ! ');
  const { stdout, stderr } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')], {
    env: { ...process.env, GST_DEBUG: 'rtspsrc:6', GST_DEBUG_NO_COLOR: '1' },
  });
  const shown = stdout.split('\n').filter((line) => CHECKSUM.test(line));
  return { pictures: shown.length, log: stderr };
}

describe('RTSP 2.0', () => {
  const withServed = sharedStage(40_000, startServing);

  for (const transport of ['tcp', 'udp'] as const) {
    withServed(`is spoken with GStreamer over ${transport}, live`, 30_000, async ({ nightjar }) => {
      const { pictures, log } = await played(nightjar.url(CAMERA), transport, LIVE_PICTURES);
      expect(pictures).toBe(LIVE_PICTURES);
      expect(log).toContain('2.0');
    });

    withServed(
      `is spoken with GStreamer over ${transport}, to the end of a recording`,
      30_000,
      async ({ recording }) => {
        const wanted = await decodedPictures(['-rtsp_transport', 'tcp', '-i', recording]);
        const { pictures } = await played(recording, transport);
        expect(pictures).toBe(wanted.length);
      },
    );
  }
});
