import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { accepting } from '../ports.js';
import { Audience, type Film } from './audience.js';
import type { Count } from './budget.js';
import { FRAMES_PER_SECOND } from './footage.js';
import type { ProbeAnswer, ProbeRequest } from './heap-probe.js';
import { MEDIA, setUpMedia } from './media-setup.js';
import { ScriptedCamera } from './scripted-camera.js';

const PROBE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'heap-probe.js');
/** Room for everything that is allocated while it is counted, so that nothing is collected, MB. */
const SEMI_SPACE_MB = 128;
const FEW_VIEWERS = 10;
const MORE_VIEWERS = 50;
const SMALL_FRAME_PACKETS = 2;
/** Over UDP less than what pacing would hold back. */
const LARGE_FRAME_PACKETS = { tcp: 34, udp: 14 };
/** Until V8 has optimized what runs per packet and per reader. */
const WARM_UP_FRAMES = 120;
/** Two seconds of footage: as many fragments in each round. */
const COUNTED_FRAMES = 2 * FRAMES_PER_SECOND;
/** The least of several rounds counts: compiling and timers of Node fall into some of them. */
const ROUNDS = 3;
/** So slow that pacing never holds a UDP datagram back. */
const PACE_MS = 8;
/** Footage is recorded in real time. */
const RECORDED_PACE_MS = 1000 / FRAMES_PER_SECOND;
/** Some GOPs, so that memory which is used again is not counted as new. */
const GOP_FRAMES = 10;

interface Allocated {
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

/**
 * Counts what the media process allocates per packet, per batch and per reader, from the differences between many and few
 * readers and between large and small frames.
 * @param imports modules to load into the process first, to see what they change
 */
export async function countAllocations(imports: readonly string[]): Promise<Count[]> {
  // Side by side: counts do not mind, and most of the time is waiting for the next frame.
  const [ofReaders, ofCameras] = await Promise.all([
    countPerReader(imports),
    countPerCamera(imports),
  ]);
  return [...ofReaders, ...ofCameras];
}

async function countPerReader(imports: readonly string[]): Promise<Count[]> {
  const counts: Count[] = [];
  for (const transport of ['tcp', 'udp'] as const) {
    const [few, many] = await measure({ transport, recorded: false, imports }, [
      FEW_VIEWERS,
      FEW_VIEWERS + MORE_VIEWERS,
    ]);
    const sent = MORE_VIEWERS * COUNTED_FRAMES;
    const small = (many!.small.heapBytes - few!.small.heapBytes) / sent;
    const large = (many!.large.heapBytes - few!.large.heapBytes) / sent;
    const perPacket = (large - small) / (LARGE_FRAME_PACKETS[transport] - SMALL_FRAME_PACKETS);
    const perBatch = small - SMALL_FRAME_PACKETS * perPacket;
    const reader = `${transport.toUpperCase()} reader`;
    counts.push(
      { name: `heap: bytes per packet and ${reader}`, value: perPacket },
      { name: `heap: bytes per batch and ${reader}`, value: perBatch },
    );
  }
  return counts;
}

/** What the path from the camera to the hub and to the disk takes, whoever reads. */
async function countPerCamera(imports: readonly string[]): Promise<Count[]> {
  const counts: Count[] = [];
  for (const recorded of [false, true]) {
    const [alone] = await measure({ transport: 'tcp', recorded, imports }, [1]);
    const { heapBytes, bufferBytes } = perPacketOf(alone!);
    const what = recorded ? 'of a recorded camera' : 'of a camera';
    counts.push(
      { name: `heap: bytes per packet ${what}`, value: heapBytes },
      { name: `heap: buffer bytes per packet ${what}`, value: bufferBytes },
    );
  }
  return counts;
}

interface Case {
  readonly transport: 'tcp' | 'udp';
  readonly recorded: boolean;
  readonly imports: readonly string[];
}

/** What frames of both sizes took. */
interface Measured {
  readonly small: Allocated;
  readonly large: Allocated;
}

function perPacketOf({ small, large }: Measured): Allocated {
  const packets = (LARGE_FRAME_PACKETS.tcp - SMALL_FRAME_PACKETS) * COUNTED_FRAMES;
  return {
    heapBytes: (large.heapBytes - small.heapBytes) / packets,
    bufferBytes: (large.bufferBytes - small.bufferBytes) / packets,
  };
}

/** Measures one media process with one number of viewers after the other, each larger than the one before. */
async function measure(
  { transport, recorded, imports }: Case,
  viewers: readonly number[],
): Promise<Measured[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nightjar-guard-'));
  const camera = await ScriptedCamera.open();
  const { env, rtspPort } = await setUpMedia(folder, camera.url, recorded);
  const child = fork(MEDIA, [], {
    env,
    execArgv: [
      '--expose-gc',
      `--min-semi-space-size=${SEMI_SPACE_MB}`,
      `--max-semi-space-size=${SEMI_SPACE_MB}`,
      ...[PROBE, ...imports].flatMap((module) => ['--import', module]),
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const audience = new Audience(camera, new URL(`rtsp://127.0.0.1:${rtspPort}/camera`));
  try {
    await accepting(rtspPort, () => child.exitCode === null);
    // The first viewer brings the camera up.
    await audience.join(1, transport);
    await camera.playing;
    const pace = { paceMs: recorded ? RECORDED_PACE_MS : PACE_MS, gopFrames: GOP_FRAMES };
    const small = { packetsPerFrame: SMALL_FRAME_PACKETS, ...pace };
    const large = { packetsPerFrame: LARGE_FRAME_PACKETS[transport], ...pace };
    const measured: Measured[] = [];
    let present = 1;
    for (const count of viewers) {
      await audience.film(1, small);
      await audience.join(count - present, transport);
      present = count;
      measured.push(await measureFrames(audience, child, small, large));
    }
    return measured;
  } finally {
    audience.leave();
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
    process.off('exit', kill);
    await camera.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureFrames(
  audience: Audience,
  child: ChildProcess,
  small: Film,
  large: Film,
): Promise<Measured> {
  for (const film of [small, large]) await audience.film(WARM_UP_FRAMES / 2, film);
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      small: await allocated(child, () => audience.film(COUNTED_FRAMES, small)),
      large: await allocated(child, () => audience.film(COUNTED_FRAMES, large)),
    });
  }
  return {
    small: least(rounds.map((round) => round.small)),
    large: least(rounds.map((round) => round.large)),
  };
}

function least(all: readonly Allocated[]): Allocated {
  return {
    heapBytes: Math.min(...all.map(({ heapBytes }) => heapBytes)),
    bufferBytes: Math.min(...all.map(({ bufferBytes }) => bufferBytes)),
  };
}

async function allocated(child: ChildProcess, work: () => Promise<void>): Promise<Allocated> {
  await ask(child, 'begin');
  await work();
  const { heapBytes, bufferBytes, collections } = await ask(child, 'end');
  // A collection would hide what was allocated before it.
  if (collections > 0) throw new Error(`V8 collected ${collections} times while counting`);
  return { heapBytes, bufferBytes };
}

async function ask(child: ChildProcess, probe: ProbeRequest['probe']): Promise<ProbeAnswer> {
  return await new Promise((resolve, reject) => {
    const answered = (message: Partial<ProbeAnswer>): void => {
      if (message.probed !== probe) return;
      child.off('message', answered);
      child.off('exit', gone);
      resolve(message as ProbeAnswer);
    };
    const gone = (): void => reject(new Error('the media process ended while it was measured'));
    child.on('message', answered);
    child.once('exit', gone);
    child.send({ probe });
  });
}
