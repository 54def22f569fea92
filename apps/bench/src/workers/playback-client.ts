import { randomInt } from 'node:crypto';
import { Control } from '../load/control.js';
import { StreamSample } from '../load/stream-sample.js';

/**
 * Who looks at recordings. `node playback-client.js seek URL COUNT SECONDS` plays a recording of so many seconds, jumps to
 * COUNT random places in it, one after the other, and sends `result` with the times from PLAY to the last packet of the first
 * picture. `node playback-client.js jump [[URL, RANGE...]...]` does the same, in one session per URL, to the ranges that are
 * named. `node playback-client.js open URL...` opens one after the other on a connection of its own and sends `result` with
 * the times from connecting to the last packet of the first picture. `node playback-client.js replay URL...` fetches
 * recordings as fast as they come (`Rate-Control: no`), sends `ready` when all play, and answers each message with the bytes
 * so far.
 */
const TRANSPORT = 'RTP/AVP/TCP;unicast;interleaved=0-1';

function seek(url: string, count: number, seconds: number): Promise<number[]> {
  const place = (): string => `npt=${(randomInt(seconds * 1000) / 1000).toFixed(3)}-`;
  return jump(url, Array.from({ length: count }, place));
}

async function jump(url: string, ranges: readonly string[]): Promise<number[]> {
  let sample = new StreamSample();
  const control = new Control(new URL(url), {
    bytes: () => undefined,
    packet: (buf, offset, length) => sample.packet(buf, offset, length),
  });
  await control.setUp(TRANSPORT);
  const timesMs: number[] = [];
  for (const range of ranges) {
    let startedMs = 0;
    // What is left of the place before is pictures that follow a keyframe: the next keyframe is one of the new place.
    const shown = new Promise<number>((resolve) => {
      sample = new StreamSample(() => resolve(performance.now() - startedMs));
    });
    startedMs = performance.now();
    await control.play(false, `Range: ${range}\r\n`);
    timesMs.push(await shown);
  }
  control.close();
  return timesMs;
}

async function openEach(urls: readonly string[]): Promise<number[]> {
  const timesMs: number[] = [];
  for (const url of urls) {
    const startedMs = performance.now();
    let sample: StreamSample | undefined;
    const shown = new Promise<number>((resolve) => {
      sample = new StreamSample(() => resolve(performance.now() - startedMs));
    });
    const control = new Control(new URL(url), {
      bytes: () => undefined,
      packet: (buf, offset, length) => sample?.packet(buf, offset, length),
    });
    await control.setUp(TRANSPORT);
    await control.play(false);
    timesMs.push(await shown);
    control.close();
  }
  return timesMs;
}

let bytes = 0;
async function replay(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const control = new Control(new URL(url), {
      bytes: (chunk) => {
        bytes += chunk.length;
      },
    });
    await control.setUp(TRANSPORT);
    await control.play(true, 'Rate-Control: no\r\n');
  }
}

process.on('message', () => process.send?.({ type: 'bytes', bytes }));
process.on('disconnect', () => process.exit(0));
const [mode, ...rest] = process.argv.slice(2);
if (mode === 'seek') {
  const timesMs = await seek(rest[0]!, Number(rest[1]), Number(rest[2]));
  process.send?.({ type: 'result', timesMs });
} else if (mode === 'jump') {
  const timesMs: number[] = [];
  const sessions = JSON.parse(rest[0]!) as [string, ...string[]][];
  for (const [url, ...ranges] of sessions) timesMs.push(...(await jump(url, ranges)));
  process.send?.({ type: 'result', timesMs });
} else if (mode === 'open') {
  process.send?.({ type: 'result', timesMs: await openEach(rest) });
} else {
  await replay(rest);
  process.send?.({ type: 'ready' });
}
