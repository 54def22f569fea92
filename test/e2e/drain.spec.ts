import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { eventually, within } from './support/eventually.js';
import { complaintsAbout, footageOf } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { scenario } from './support/stage.js';

/** `recording.fragment`, and the picture that was on its way. */
const LOST_AT_MOST_MS = 1_000 + 200;

scenario(
  'media that is told to stop gives its players an end and loses at most one fragment of footage',
  60_000,
  async (stage) => {
    const cameras = await Cameras.start(stage, { yard: 'synthetic' });
    const nightjar = await Installation.create(stage, {
      cameras: { yard: recordedCameraAt(cameras.url('yard')) },
    });
    const media = await nightjar.startMedia();
    const args = `-nostdin -v error -rtsp_transport tcp -i ${nightjar.url('yard')} -f null -progress pipe:1 -`;
    const player = spawn('ffmpeg', args.split(' '));
    const gone = once(player, 'exit');
    let complaint = '';
    player.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    let frames = 0;
    player.stdout.on('data', (chunk: Buffer) => {
      frames = Number(/frame=(\d+)/.exec(chunk.toString())?.[1] ?? frames);
    });
    stage.defer(async () => {
      player.kill('SIGKILL');
      await gone;
    });
    await eventually(
      async () => {
        expect(frames).toBeGreaterThan(25);
        expect(await nightjar.recordedSeconds('yard')).toBeGreaterThan(3);
      },
      { withinMs: 30_000 },
    );

    const toldMs = Date.now();
    media.signal('SIGTERM');

    expect(await within(5_000, 'ending', media.exited)).toEqual({ code: 0, signal: null });
    const [code] = (await within(5_000, 'the end of the player', gone)) as [number | null];
    expect({ code, complaint }).toEqual({ code: 0, complaint: '' });
    const footage = await footageOf(nightjar.volume, 'yard');
    expect(await complaintsAbout(footage)).toEqual([]);
    expect(toldMs - (footage.at(-1)?.endMs ?? 0)).toBeLessThan(LOST_AT_MOST_MS);
  },
);
