import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '@nightjar/monitoring';
import { buildClip, VirtualFile, type Clip as BuiltClip } from '@nightjar/playback';
import { FileSender } from '../../apps/control/src/footage/send-file.js';
import { until } from '../support/until.js';
import { videoClip, type Clip } from './recording-media.js';
import { bytesOf, RecordedFootage, START_MS } from './recorded-footage.js';

let folder: string;
let h264: Clip;
let recorded: RecordedFootage;
let clip: BuiltClip;
let server: Server;
let warnings: unknown[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-http-'));
  h264 = videoClip(folder, { codec: 'h264', seconds: 8, fps: 25, gop: 50, size: '1280x720' });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  recorded = await RecordedFootage.create();
  await recorded.record([h264], 30_000);
  clip = await buildClip(await recorded.stored(), {
    camera: 'front',
    stream: 'main',
    startMs: START_MS,
    endMs: START_MS + 60_000,
    gaps: 'cut',
  });
  warnings = [];
  const sender = new FileSender({
    warn: (...words: unknown[]) => warnings.push(words),
  } as unknown as Logger);
  server = createServer((request, response) => {
    const { file, etag } = clip;
    void sender.send(request, response, { file, etag, type: 'video/mp4', kind: 'clip' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}, 60_000);

async function end(): Promise<void> {
  server.closeAllConnections();
  server.close();
  await recorded.close();
}

async function ask(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(get({ host: '127.0.0.1', port }), 'response')) as [
    IncomingMessage,
  ];
  return response;
}

function openSegments(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(recorded.volume.root) && target.endsWith('.mp4') ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('footage that is being sent', () => {
  it('waits for a client that does not read, with one file open, and lets go when it leaves', async () => {
    const before = process.memoryUsage().external;
    // A client that is behind by far more than the sockets hold.
    const many = new VirtualFile(
      Array.from({ length: 200 }, () => ({
        path: recorded.path(clip.sources[1]!.segment),
        offset: 0,
        length: clip.sources[1]!.length,
      })),
    );
    clip = { ...clip, file: many };
    const response = await ask();
    response.pause();
    await until(() => openSegments().length === 1);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(openSegments()).toHaveLength(1);
    expect(process.memoryUsage().external - before).toBeLessThan(16e6);
    response.destroy();
    await until(() => openSegments().length === 0);
    expect(warnings).toEqual([]);
    await end();
  }, 60_000);

  it('breaks off when it is deleted or cut, so that the client knows', async () => {
    const third = clip.sources[2]!.segment;
    truncateSync(recorded.path(third), 10_000);
    const response = await ask();
    expect(Number(response.headers['content-length'])).toBe(clip.file.size);
    const received: Buffer[] = [];
    response.on('data', (chunk: Buffer) => received.push(chunk));
    const failure = await new Promise((resolve) => {
      response.on('error', resolve);
      response.on('end', () => resolve(undefined));
    });
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    const good = Buffer.concat(received);
    expect(good.length).toBeLessThan(clip.file.size);
    const same = await bytesOf(clip.file, 0, good.length);
    expect(good.equals(same)).toBe(true);
    expect(warnings).toHaveLength(1);
    await end();
  }, 60_000);
});
