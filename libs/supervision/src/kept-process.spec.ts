import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { KeptProcess } from './kept-process.js';
import { FIRST_DELAY_MS, HEALTHY_AFTER_MS } from './restart-backoff.js';
import { quietLog, ScriptedPort } from './testing/scripted-process.js';

const GRACE_MS = 1_000;

describe('KeptProcess', () => {
  let clock: ManualClock;
  let port: ScriptedPort;
  const keep = (name = 'media'): KeptProcess =>
    new KeptProcess(
      name,
      port,
      { polite: 'SIGTERM', force: 'SIGKILL', graceMs: GRACE_MS },
      clock,
      quietLog,
    );

  beforeEach(() => {
    clock = new ManualClock();
    port = new ScriptedPort();
  });

  it('starts a crashed process again at once', () => {
    const kept = keep();
    kept.start();
    clock.advance(HEALTHY_AFTER_MS);
    port.last.end('signal SIGKILL');
    expect(port.started).toHaveLength(2);
    expect(kept.state).toBe('starting');
  });

  it('waits longer and longer when it crashes in a loop', () => {
    keep().start();
    port.last.end('exit code 1');
    port.last.end('exit code 1');
    expect(port.started).toHaveLength(2);
    clock.advance(FIRST_DELAY_MS);
    expect(port.started).toHaveLength(3);
    port.last.end('exit code 1');
    clock.advance(FIRST_DELAY_MS);
    expect(port.started).toHaveLength(3);
    clock.advance(FIRST_DELAY_MS);
    expect(port.started).toHaveLength(4);
  });

  it('tells when the process serves for the first time', async () => {
    const kept = keep();
    kept.start();
    port.last.becomeReady();
    await kept.firstReady;
    expect(kept.state).toBe('ready');
  });

  it('stops politely and starts nothing after', async () => {
    const kept = keep();
    kept.start();
    await kept.stop();
    clock.advance(60_000);
    expect(port.started).toHaveLength(1);
    expect(port.last.signals).toEqual(['SIGTERM']);
    expect(kept.state).toBe('stopped');
  });

  it('ends a process by force that does not stop in time', async () => {
    port.obeys = ['SIGKILL'];
    const kept = keep();
    kept.start();
    const stopped = kept.stop();
    clock.advance(GRACE_MS - 1);
    expect(port.last.signals).toEqual(['SIGTERM']);
    clock.advance(1);
    await stopped;
    expect(port.last.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('forgets a waiting restart when it is stopped', async () => {
    const kept = keep();
    kept.start();
    port.last.end('exit code 1');
    port.last.end('exit code 1');
    expect(kept.state).toBe('waiting');
    await kept.stop();
    clock.advance(60_000);
    expect(port.started).toHaveLength(2);
  });

  it('is ended at once by kill, also while it stops', async () => {
    port.obeys = ['SIGKILL'];
    const kept = keep();
    kept.start();
    const stopped = kept.stop();
    kept.kill();
    await stopped;
    expect(port.last.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });
});
