import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Audience } from './audience.js';
import type { Count } from './budget.js';
import { FRAMES_PER_SECOND } from './footage.js';
import { instructionsOf } from './instructions.js';
import { ScriptedCamera } from './scripted-camera.js';
import { offloadsUdp, parseTrace, workOf } from './trace.js';
import { TracedMedia } from './traced-media.js';

const VIEWERS_PER_TRANSPORT = 8;
const PACKETS_PER_FRAME = 12;
/** Until the recorder has its first fragments behind it. */
const WARM_UP_FRAMES = 2 * FRAMES_PER_SECOND + 10;
/** Whole seconds, so that fragments come out even. */
const COUNTED_FRAMES = 4 * FRAMES_PER_SECOND;
/** Footage is recorded in real time: a camera that runs ahead of the clock would be another case. */
const FRAME_MS = 1000 / FRAMES_PER_SECOND;

export interface SystemCallCounts {
  readonly counts: readonly Count[];
  /** Whether UDP readers are served many datagrams with a call. */
  readonly udpOffload: boolean;
  /** For people: instructions per batch and reader, or why they could not be counted. */
  readonly instructions: string;
}

/**
 * Counts the system calls of the media process while one camera is recorded and watched over TCP and UDP.
 * @param imports modules to load into the process first, to see what they change
 */
export async function countSystemCalls(imports: readonly string[]): Promise<SystemCallCounts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nightjar-guard-'));
  const camera = await ScriptedCamera.open();
  const media = await TracedMedia.start(folder, camera.url, imports);
  const audience = new Audience(camera, new URL(`rtsp://127.0.0.1:${media.rtspPort}/camera`));
  const film = (frames: number, gopFrames = 0): Promise<void> =>
    audience.film(frames, { packetsPerFrame: PACKETS_PER_FRAME, paceMs: FRAME_MS, gopFrames });
  try {
    await camera.playing;
    await film(1, 1);
    await audience.join(VIEWERS_PER_TRANSPORT, 'tcp');
    await audience.join(VIEWERS_PER_TRANSPORT, 'udp');
    await film(WARM_UP_FRAMES);
    const from = await media.settled();
    const instructions = await instructionsOf(media.pids, () => film(COUNTED_FRAMES));
    const to = await media.settled();
    const work = workOf(parseTrace(await media.trace(from, to)), {
      rtspPort: media.rtspPort,
      cameraPort: camera.port,
      footage: '.mp4',
    });
    const udpOffload = offloadsUdp(await media.trace(0, from));
    const sent = COUNTED_FRAMES * VIEWERS_PER_TRANSPORT;
    const seconds = COUNTED_FRAMES / FRAMES_PER_SECOND;
    return {
      udpOffload,
      counts: [
        { name: 'calls: writes per batch and TCP reader', value: work.tcpWrites / sent },
        { name: 'calls: sends per batch and UDP reader', value: work.udpSends / sent },
        { name: 'calls: reads per batch of a camera', value: work.cameraReads / COUNTED_FRAMES },
        { name: 'calls: writes per fragment', value: work.footageWrites / work.footageSyncs },
        { name: 'calls: syncs per second of footage', value: work.footageSyncs / seconds },
      ],
      instructions:
        instructions.count === undefined
          ? `instructions were not counted: ${instructions.reason}`
          : `instructions per batch and reader, all told: ${Math.round(instructions.count / (2 * sent))}`,
    };
  } finally {
    audience.leave();
    await media.stop();
    await camera.close();
    await rm(folder, { recursive: true, force: true });
  }
}
