import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { readOn } from '@nightjar/supervision';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SilentConnections } from '@nightjar/relay';
import type { Arrival } from './arrival.js';
import { FrontDoor, type HandoffResult } from './front-door.js';

const SILENT = { silentConnections: 4, silentTimeoutMs: 10_000 };

/** Also by a reset: a connection that is dropped may have unread bytes. */
const closed = (client: Socket): Promise<void> =>
  new Promise((resolve) => client.on('close', () => resolve()));

describe('FrontDoor', () => {
  let clock: ManualClock;
  let door: FrontDoor;
  let arrivals: { arrival: Arrival; camera: string | undefined }[];
  let ended: HandoffResult[];
  let happened: () => void;
  const clients: Socket[] = [];

  beforeEach(async () => {
    clock = new ManualClock();
    arrivals = [];
    ended = [];
    happened = () => undefined;
    door = new FrontDoor({
      host: '127.0.0.1',
      port: 0,
      clock,
      silent: new SilentConnections(clock, () => SILENT),
      arrived: (arrival, camera) => {
        arrivals.push({ arrival, camera });
        happened();
      },
      ended: (result) => {
        ended.push(result);
        happened();
      },
      failed: () => undefined,
    });
    await door.listen();
  });
  afterEach(() => {
    door.close();
    for (const { arrival } of arrivals) arrival.drop();
    for (const client of clients.splice(0)) client.destroy();
  });

  const enter = async (): Promise<Socket> => {
    const client = connect(door.port, '127.0.0.1');
    clients.push(client);
    client.on('error', () => undefined);
    await once(client, 'connect');
    return client;
  };
  const until = async (done: () => boolean): Promise<void> => {
    await new Promise<void>((resolve) => {
      happened = () => {
        if (done()) resolve();
      };
      happened();
    });
  };

  it('reads the first line however it comes, and nothing behind it', async () => {
    const client = await enter();
    client.setNoDelay(true);
    client.write('DESCRIBE rtsp://h/fro');
    client.write('nt RTSP/1.0\r\nCSeq: 1\r\n');
    await until(() => arrivals.length === 1);
    const { arrival, camera } = arrivals[0]!;
    expect(camera).toBe('front');
    const atOnce = arrival.head.toString();
    expect('DESCRIBE rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n').toContain(atOnce);
    // What comes later stays in the kernel, for whoever gets the connection.
    const later = Buffer.alloc(200_000, 'x');
    client.write(later);
    await new Promise((resolve) => setImmediate(resolve));
    expect(arrival.socket.bytesRead).toBe(atOnce.length);
    let rest = Buffer.alloc(0);
    arrival.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
    });
    readOn(arrival.socket);
    while (atOnce.length + rest.length < 43 + later.length) await once(arrival.socket, 'data');
    expect(rest.subarray(-later.length).equals(later)).toBe(true);
  });

  it('gives a slow client its time and not more', async () => {
    const [silent, slow] = [await enter(), await enter()];
    let said = '';
    slow.on('data', (chunk) => (said += chunk.toString()));
    slow.write('OPTIONS');
    while (door.pending < 2) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(SILENT.silentTimeoutMs - 1);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual(['timeout', 'timeout']);
    await Promise.all([closed(silent), closed(slow)]);
    expect(said === '' || said.startsWith('RTSP/1.0 408 ')).toBe(true);
  });

  it('notices who leaves', async () => {
    const client = await enter();
    client.write('OPTIONS');
    client.end();
    await until(() => ended.length === 1);
    expect(ended).toEqual(['closed']);
    expect(arrivals).toEqual([]);
  });

  it('says why and when to come again, with the number of the request', async () => {
    const client = await enter();
    let said = '';
    client.on('data', (chunk) => (said += chunk.toString()));
    client.write('DESCRIBE rtsp://h/front RTSP/1.0\r\nCSeq: 7\r\n\r\n');
    await until(() => arrivals.length === 1);
    arrivals[0]!.arrival.refuse('503 Service Unavailable', 5);
    await closed(client);
    expect(said).toBe('RTSP/1.0 503 Service Unavailable\r\nCSeq: 7\r\nRetry-After: 5\r\n\r\n');
  });

  it('makes room for a new client by dropping the one that has been silent longest', async () => {
    const oldest = await enter();
    const dropped = closed(oldest);
    for (let i = 1; i < SILENT.silentConnections; i += 1) await enter();
    while (door.pending < SILENT.silentConnections)
      await new Promise((resolve) => setImmediate(resolve));
    const late = await enter();
    late.write('OPTIONS rtsp://h/front RTSP/1.0\r\n');
    await until(() => arrivals.length === 1);
    await dropped;
    expect(ended).toEqual(['overload']);
    expect(door.pending).toBe(SILENT.silentConnections - 1);
  });

  it('lets nobody in any more once it is closed', async () => {
    const client = await enter();
    client.write('OPT');
    const port = door.port;
    await new Promise((resolve) => setImmediate(resolve));
    door.close();
    await closed(client);
    const late = connect(port, '127.0.0.1');
    clients.push(late);
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('tells of a port that is taken', async () => {
    const other = new FrontDoor({
      host: '127.0.0.1',
      port: door.port,
      clock,
      silent: new SilentConnections(clock),
      arrived: () => undefined,
      ended: () => undefined,
      failed: () => undefined,
    });
    await expect(other.listen()).rejects.toMatchObject({ code: 'rtsp/port-in-use' });
  });
});
