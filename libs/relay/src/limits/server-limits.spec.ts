import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { LimitsConfig } from '@nightjar/config';
import type { Mount } from '../rtsp-server/mount.js';
import { ProcessLoad } from './process-load.js';
import { SessionBook } from './session-book.js';
import { ServerLimits, type LimitName } from './server-limits.js';

const BASE: LimitsConfig = {
  connections: 4,
  connectionsPerAddress: 2,
  silentConnections: 1,
  silentTimeoutMs: 1_000,
  requestsPerSecond: 10,
  requestsPerSecondPerAddress: 15,
  httpRequestsPerSecond: 10,
  httpConnections: 10,
  httpConnectionsPerAddress: 10,
  readersPerStream: 2,
  readerBytesPerSecond: undefined,
  streamBytesPerSecond: undefined,
  publishers: 1,
  cameraConnections: 1,
  startingCameras: 1,
  memoryBytes: 1_000,
  cpu: 0.9,
};

const mount = (kind: Mount['kind'], shared: string, rate?: number): Mount =>
  ({ kind, shared, bytesPerSecond: () => rate }) as unknown as Mount;
const sessions = (...mounts: Mount[]): SessionBook => {
  const book = new SessionBook();
  for (const one of mounts) book.enter(one);
  return book;
};

describe('limits of a server', () => {
  let limits: LimitsConfig;
  let refused: LimitName[];
  let clock: ManualClock;
  let rssBytes: number;
  let busy: number;
  let server: ServerLimits;
  const make = (processes = 1): ServerLimits =>
    new ServerLimits({
      limits: () => limits,
      processes,
      clock,
      load: new ProcessLoad({
        rssBytes: () => rssBytes,
        utilization: () => ({ idle: 0, active: 0, utilization: busy }),
      }),
      refused: (limit) => refused.push(limit),
    });
  beforeEach(() => {
    limits = BASE;
    refused = [];
    rssBytes = 0;
    busy = 0;
    clock = new ManualClock();
    server = make();
  });

  it('count connections of all and of each address', () => {
    const answers = ['a', 'a', 'a', 'b', 'b', 'c'].map((address) => server.connect(address));
    expect(answers).toEqual([
      undefined,
      undefined,
      'connections-per-address',
      undefined,
      undefined,
      'connections',
    ]);
    server.disconnect('a');
    expect([server.connect('c'), server.connect('a')]).toEqual([undefined, 'connections']);
    expect(refused).toEqual(['connections-per-address', 'connections', 'connections']);
  });

  it('are shared out between processes', () => {
    server = make(2);
    expect([
      server.connect('a'),
      server.connect('a'),
      server.connect('b'),
      server.connect('c'),
    ]).toEqual([undefined, 'connections-per-address', undefined, 'connections']);
  });

  it('let a connection ask so much at once, then so much a second', () => {
    const bucket = server.requestBucket();
    const ask = (): void => server.requireRequest(bucket, '192.0.2.1');
    for (let i = 0; i < 20; i++) ask();
    expect(ask).toThrow(expect.objectContaining({ kind: 'exhausted' }));
    clock.advance(100);
    expect(ask).not.toThrow();
    expect(refused).toEqual(['requests']);
  });

  it('let an address ask so much at once on all its connections, and others too', () => {
    const ask = (address: string): void => server.requireRequest(server.requestBucket(), address);
    for (let i = 0; i < 30; i++) ask('192.0.2.1');
    expect(() => ask('192.0.2.1')).toThrow(expect.objectContaining({ kind: 'exhausted' }));
    ask('192.0.2.2');
    clock.advance(1_000);
    ask('192.0.2.1');
    expect(refused).toEqual(['requests-per-address']);
  });

  it('close connections that ask nothing', () => {
    server.silent.enter(() => undefined);
    server.silent.enter(() => undefined);
    clock.advance(1_000);
    expect(refused).toEqual(['silent-connections', 'silent-time']);
  });

  it.each<[string, Partial<LimitsConfig>, Mount, Mount[], LimitName, number]>([
    ['readers', {}, mount('live', 'a'), [mount('live', 'a'), mount('live', 'a')], 'readers', 503],
    ['publishers', {}, mount('publish', ''), [mount('publish', '')], 'publishers', 503],
    [
      'a fat stream',
      { readerBytesPerSecond: 99 },
      mount('live', 'a', 100),
      [],
      'reader-bandwidth',
      453,
    ],
    [
      'one reader too many',
      { streamBytesPerSecond: 199 },
      mount('live', 'a', 100),
      [mount('live', 'a')],
      'stream-bandwidth',
      453,
    ],
  ])('refuse %s', (_, changed, asked, there, limit, status) => {
    limits = { ...BASE, ...changed };
    const where = expect.objectContaining({ status });
    const ask = (): void => {
      server.requireRoom(asked, sessions(...there));
      server.requireBandwidth(asked, sessions(...there));
    };
    expect(ask).toThrow(expect.objectContaining({ kind: 'exhausted', where }));
    expect(refused).toEqual([limit]);
  });

  it('let in what fits, and streams that are not measured', () => {
    limits = { ...BASE, readerBytesPerSecond: 100, streamBytesPerSecond: 200 };
    const letIn = (asked: Mount, there: SessionBook): void => {
      server.requireRoom(asked, there);
      server.requireBandwidth(asked, there);
    };
    letIn(mount('live', 'a', 100), sessions(mount('live', 'a'), mount('live', 'b')));
    letIn(mount('live', 'b'), sessions(mount('live', 'a'), mount('live', 'a')));
    letIn(mount('publish', ''), sessions(mount('live', 'a')));
    const left = sessions(mount('live', 'a'), mount('live', 'a'), mount('publish', ''));
    left.leave(mount('live', 'a'));
    left.leave(mount('publish', ''));
    letIn(mount('live', 'a'), left);
    letIn(mount('publish', ''), left);
    expect(refused).toEqual([]);
  });

  it('count readers by what they read', () => {
    const stored = (countedAs: string): Mount => ({ kind: 'playback', countedAs }) as never;
    const there = sessions(stored('files/a'), stored('files/a'), mount('live', 'files/b'));
    expect(() => server.requireRoom(stored('files/a'), there)).toThrow('limit of readers');
    server.requireRoom(stored('files/b'), there);
    expect(refused).toEqual(['readers']);
  });

  it('refuse newcomers while memory or the event loop are used up, and no longer', () => {
    const room = (): void => server.requireRoom(mount('live', 'a'), sessions());
    rssBytes = 1_001;
    server.look();
    expect(room).toThrow('limit of memory is reached');
    rssBytes = 1_000;
    busy = 0.95;
    server.look();
    expect(room).not.toThrow();
    server.look();
    expect(room).toThrow('limit of cpu is reached');
    limits = { ...BASE, cpu: 1 };
    expect(room).not.toThrow();
    expect(refused).toEqual(['memory', 'cpu']);
  });
});
