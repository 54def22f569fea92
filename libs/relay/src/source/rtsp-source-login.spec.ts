import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ManualClock } from '@nightjar/common';
import { CameraAccounts } from './camera-accounts.js';
import { asksFor, type Camera, type NotingSink } from './testing/camera.js';
import { SourceBench, until } from './testing/source-bench.js';

describe('RtspSource whose login is refused', () => {
  let bench: SourceBench;
  let camera: Camera;
  let clock: ManualClock;
  let sink: NotingSink;

  beforeEach(async () => {
    bench = new SourceBench();
    ({ camera, clock, sink } = bench);
    await bench.open();
  });

  afterEach(() => bench.close());

  it('does not hurry with a wrong password, and never tells it', async () => {
    camera.script = asksFor('Basic');
    const source = bench.make({ credentials: { username: 'admin', password: 'geheim-42' } });
    source.start();
    await sink.seen('offline unauthorized');
    await until(() => camera.connections[0]?.destroyed === true);
    clock.advance(29_999);
    expect(camera.connections).toHaveLength(1);
    expect(source.stats).toMatchObject({
      state: 'waiting',
      lastError: 'OPTIONS: 401 Unauthorized',
    });
    await bench.retry();
    await until(() => camera.connections.length === 2);
    const told = JSON.stringify([source.stats, bench.logged, sink.log]);
    expect(told).not.toContain('geheim');
    expect(told).not.toContain(Buffer.from('admin:geheim-42').toString('base64'));
  });

  it('keeps the password from a camera that asked for Digest before it came back', async () => {
    camera.script = asksFor('Digest');
    const source = bench.make({ credentials: { username: 'admin', password: 'geheim-42' } });
    source.start();
    await sink.seen('offline unauthorized');
    await until(() => camera.connections[0]?.destroyed === true);
    camera.script = asksFor('Basic');
    await bench.retry();
    await until(() => camera.connections[1]?.destroyed === true);
    const logins = camera.requests.flatMap(({ headers }) => headers.get('Authorization') ?? []);
    expect(logins).toEqual([expect.stringMatching(/^Digest /)]);
  });

  it('leaves an account alone that was refused three times, also when it is started anew', async () => {
    camera.script = asksFor('Basic');
    const source = bench.make({ credentials: { username: 'admin', password: 'wrong' } });
    source.start();
    for (const [connections, pauseMs] of [
      [1, 60_000],
      [2, 120_000],
    ] as const) {
      await until(() => camera.connections.length === connections);
      await until(() => source.stats.state === 'waiting');
      await until(() => camera.connections.every(({ destroyed }) => destroyed));
      await Promise.resolve();
      clock.advance(pauseMs);
    }
    await until(() => source.stats.state === 'given-up');
    expect(source.stats.login).toEqual({ refusals: 3, retryAtMs: undefined });
    clock.advance(1e9);
    await source.stop();
    source.start();
    expect(source.stats.state).toBe('given-up');
    expect(camera.connections).toHaveLength(3);
  });

  it('says once that an account is left alone, although another stream is refused meanwhile', async () => {
    camera.script = asksFor('Basic');
    const credentials = { username: 'admin', password: 'wrong' };
    const accounts = new CameraAccounts(clock);
    const source = bench.make({ credentials, accounts });
    source.start();
    await sink.seen('offline unauthorized');
    await until(() => camera.connections[0]?.destroyed === true);
    clock.advance(1_000);
    const policy = { tries: 4, pauseMs: 60_000, afterwardsMs: undefined };
    accounts.wasRefused(CameraAccounts.keyOf('127.0.0.1', credentials), policy);
    clock.advance(60_000);
    await Promise.resolve();
    expect(sink.log).toEqual(['offline unauthorized']);
    expect(source.stats.login).toMatchObject({ refusals: 2 });
    clock.advance(61_000);
    await until(() => camera.connections.length === 2);
  });
});
