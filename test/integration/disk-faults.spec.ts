import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSegmentFile } from '../../libs/recording/src/segments/durable-files.js';
import { threadsFor } from '@nightjar/config';
import { Volume } from '@nightjar/recording';
import { forkTs } from '../support/fork-ts.js';
import { Mounts } from '../support/mounts.js';
import { failures, isHealthy, Site, type SiteOptions } from '../support/recording-site.js';

const whyNot = Mounts.whyNot();
/** Named after what keeps it from running, where something does. */
const onDisk = (name: string, test: () => Promise<void>): void =>
  whyNot === undefined ? it(name, test, 120_000) : it.skip(`${name} (${whyNot})`, test);

/** The fragment that failed, and what follows it up to the next keyframe: with fragments and GOPs of a second. */
const SPILL_MS = 2_100;

interface Fault {
  readonly name: string;
  readonly reason: string;
  /** What is found behind it when one looks closer. */
  readonly later?: readonly string[];
  /** Makes the file system of the volume. */
  make(): string;
  strike(path: string): void | Promise<void>;
  mend(path: string): void | Promise<void>;
  /** Bytes that may wait, where that matters. */
  readonly queueBytes?: number;
}

let mounts: Mounts;
let site: Site | undefined;
beforeEach(() => {
  mounts = new Mounts();
  site = undefined;
});
afterEach(async () => {
  mounts.thawAll();
  try {
    await site?.close();
  } finally {
    mounts.clear();
  }
});

async function open(options: Omit<SiteOptions, 'folder'>): Promise<Site> {
  site = await Site.open({ folder: mounts.folder, ...options });
  return site;
}

/** Fills a file system to the last byte. */
function fill(path: string): void {
  try {
    for (;;) writeFileSync(join(path, 'filler'), Buffer.alloc(4_096), { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a full disk',
    reason: 'disk-full',
    make: () => mounts.tmpfs('a', 8),
    strike: (path) => fill(path),
    mend: (path) => rmSync(join(path, 'filler')),
  },
  {
    name: 'a file system that became read-only',
    reason: 'disk-read-only',
    make: () => mounts.ext4('a'),
    strike: (path) => mounts.abort(path),
    mend: (path) => {
      mounts.unmount(path);
      mounts.repair(mounts.at('a.img'));
      mounts.mountImage('a');
    },
  },
  {
    name: 'a mount that vanished',
    reason: 'volume-missing',
    make: () => mounts.ext4('a'),
    strike: (path) => mounts.vanish(path),
    mend: () => void mounts.mountImage('a'),
  },
  {
    name: 'another disk in its place',
    reason: 'volume-missing',
    make: () => mounts.ext4('a'),
    strike: async (path) => {
      mounts.vanish(path);
      await Volume.open('a', mounts.tmpfs('a', 8), { adopt: 'any' });
    },
    mend: (path) => {
      mounts.unmount(path);
      mounts.mountImage('a');
    },
  },
  {
    name: 'a disk with I/O errors',
    reason: 'disk-error',
    // An ext4 that cannot write its own journal takes nothing more.
    later: ['disk-read-only'],
    // Blocks that were never written have no room in the file below the file system.
    make: () => mounts.ext4('a', join(mounts.tmpfs('below', 24), 'a.img')),
    strike: () => fill(mounts.at('below')),
    mend: (path) => {
      mounts.unmount(path);
      rmSync(join(mounts.at('below'), 'filler'));
      mounts.repair(join(mounts.at('below'), 'a.img'));
      mounts.mountImage('a', join(mounts.at('below'), 'a.img'));
    },
  },
  {
    name: 'a disk that does not answer',
    reason: 'disk-slow',
    make: () => mounts.ext4('a'),
    strike: (path) => {
      site!.hanging = true;
      mounts.freeze(path);
    },
    mend: (path) => {
      mounts.thaw(path);
      site!.hanging = false;
    },
    queueBytes: 128 * 1024,
  },
];

describe('a recorder that has one volume', () => {
  for (const fault of FAULTS) {
    onDisk(`notes a gap for ${fault.name}, raises the alarm, and goes on by itself`, async () => {
      const path = fault.make();
      const { queueBytes } = fault;
      const site = await open({
        volumes: { a: { path } },
        ...(queueBytes === undefined ? {} : { queueBytes }),
      });
      await site.play(5);
      await site.settle();
      const before = await failures('a', fault.reason);
      expect(await isHealthy('a')).toBe(true);

      await fault.strike(path);
      await site.playUntil(() => site.reason('a') !== undefined);
      expect(await isHealthy('a')).toBe(false);
      await site.play(5);
      expect(await failures('a', fault.reason)).toBeGreaterThan(before);
      // Nobody else has noticed anything, and what waits is bounded.
      expect(site.player.packets).toBe(site.packetsSent);
      expect(site.recorder.queuedBytes).toBeLessThanOrEqual(queueBytes ?? 2 ** 20);

      await fault.mend(path);
      await site.playUntil(() => site.reason('a') === undefined);
      await site.playUntil(() => site.recorder.state === 'recording');
      await site.play(5);
      expect(await isHealthy('a')).toBe(true);
      await site.close();

      const holes = await site.holes();
      expect(holes).toHaveLength(1);
      expect(await site.unexplained(fault.reason)).toEqual([]);
      for (const { reason } of await site.gaps())
        expect([fault.reason, ...(fault.later ?? [])]).toContain(reason);
    });
  }
});

describe('a recorder that has a second volume', () => {
  for (const fault of FAULTS) {
    onDisk(`goes on there at once after ${fault.name}, and comes back`, async () => {
      const path = fault.make();
      const site = await open({ volumes: { a: { path }, b: { path: mounts.at('b') } } });
      await site.play(5);
      await site.settle();

      await fault.strike(path);
      await site.playUntil(() => site.reason('a') !== undefined);
      await site.play(15);
      expect(site.reason('b')).toBeUndefined();
      expect(site.player.packets).toBe(site.packetsSent);

      await fault.mend(path);
      await site.playUntil(() => site.reason('a') === undefined);
      // To the end of the segment that is being written, and one more.
      await site.play(25);
      await site.close();

      const [a, b] = [await site.footage('a'), await site.footage('b')];
      expect(b.length).toBeGreaterThan(0);
      expect(a.at(-1)?.startMs).toBeGreaterThan(b.at(-1)?.startMs ?? Infinity);
      const holes = await site.holes();
      const missingMs = holes.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      expect(missingMs).toBeLessThan(SPILL_MS);
      expect(await site.unexplained(fault.reason)).toEqual([]);
    });
  }

  it('leaves a disk that cannot keep up, and loses no more than a GOP', async () => {
    const held: (() => void)[] = [];
    let slow = false;
    const site = await open({
      volumes: { a: { path: mounts.at('a') }, b: { path: mounts.at('b') } },
      queueBytes: 128 * 1024,
      createFile: async (path) => {
        const file = await createSegmentFile(path);
        return {
          ...file,
          append: async (parts, durable) => {
            if (slow && path.startsWith(mounts.at('a')))
              await new Promise<void>((resolve) => held.push(resolve));
            await file.append(parts, durable);
          },
        };
      },
    });
    await site.play(3);
    await site.settle();
    slow = true;
    site.hanging = true;
    await site.playUntil(() => site.reason('a') === 'disk-slow');
    await site.play(5);
    expect((await site.footage('b')).length).toBeGreaterThan(0);
    slow = false;
    for (const go of held) go();
    site.hanging = false;
    await site.play(20);
    await site.close();
    const missing = (await site.holes()).reduce(
      (sum, { startMs, endMs }) => sum + endMs - startMs,
      0,
    );
    expect(missing).toBeLessThan(SPILL_MS);
    expect(await site.unexplained('disk-slow')).toEqual([]);
  });

  onDisk('leaves a disk before it is full to the last byte', async () => {
    const path = mounts.tmpfs('a', 8);
    const site = await open({
      volumes: { a: { path, minFreeBytes: 4 * 2 ** 20 }, b: { path: mounts.at('b') } },
    });
    await site.play(3);
    // Below a quarter of what retention keeps free; writes still succeed.
    writeFileSync(join(path, 'filler'), Buffer.alloc(6.7 * 2 ** 20));
    await site.playUntil(() => site.reason('a') === 'disk-full');
    await site.play(5);
    rmSync(join(path, 'filler'));
    await site.playUntil(() => site.reason('a') === undefined);
    await site.play(15);
    await site.close();
    expect(await site.holes()).toEqual([]);
    expect((await site.footage('b')).length).toBeGreaterThan(0);
  });
});

describe('while a disk hangs', () => {
  onDisk('the event loop stays free, and what waits for the disk is bounded', async () => {
    const path = mounts.ext4('a');
    const queueBytes = 128 * 1024;
    const site = await open({ volumes: { a: { path } }, queueBytes });
    await site.play(3);
    site.hanging = true;
    mounts.freeze(path);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await site.play(30);
    delay.disable();
    expect(delay.percentile(99) / 1e6).toBeLessThan(100);
    expect(site.player.packets).toBe(site.packetsSent);
    expect(site.recorder.queuedBytes).toBeLessThanOrEqual(queueBytes);
    mounts.thaw(path);
    site.hanging = false;
    await site.playUntil(() => site.recorder.state === 'recording');
  });

  onDisk('it takes no threads that cameras on another disk need', async () => {
    const path = mounts.ext4('a');
    mkdirSync(mounts.at('state'));
    const hung = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];
    const child = startSite(
      {
        folder: mounts.at('state'),
        volumes: { a: { path }, b: { path: mounts.at('b') } },
        cameras: { ...Object.fromEntries(hung.map((name) => [name, ['a']])), free: ['b'] },
      },
      { UV_THREADPOOL_SIZE: String(threadsFor({ volumes: { a: 0, b: 0 } })) },
    );
    try {
      // In the middle of a segment: where one begins all would wait for the journal, in one thread.
      await child.ask({ do: 'play', seconds: 5 });
      const before = await child.ask({ do: 'durable', camera: 'free' });
      await child.ask({ do: 'hang' });
      mounts.freeze(path);
      await child.ask({ do: 'play', seconds: 30 });
      const after = await child.ask({ do: 'durable', camera: 'free' });
      expect(Number(after) - Number(before)).toBeGreaterThan(25_000);
      expect(await child.ask({ do: 'reason', volume: 'a' })).toBe('disk-slow');
      expect(await child.ask({ do: 'reason', volume: 'b' })).toBeNull();
    } finally {
      mounts.thawAll();
      await child.end();
    }
  });
});

describe('a recorder that is not root', () => {
  onDisk('notes a gap when it loses its rights, and goes on when it has them again', async () => {
    const path = mounts.at('a');
    for (const folder of [path, mounts.at('state')]) {
      mkdirSync(folder);
      execFileSync('chown', ['65534:65534', folder]);
    }
    chmodSync(mounts.folder, 0o755);
    const child = startSite(
      { folder: mounts.at('state'), volumes: { a: { path } } },
      { SITE_UID: '65534' },
    );
    try {
      await child.ask({ do: 'play', seconds: 5 });
      expect(await child.ask({ do: 'reason', volume: 'a' })).toBeNull();
      execFileSync('chown', ['0:0', path]);
      chmodSync(path, 0o700);
      await child.ask({ do: 'playUntil', volume: 'a', reason: 'no-permission' });
      await child.ask({ do: 'play', seconds: 5 });
      execFileSync('chown', ['65534:65534', path]);
      await child.ask({ do: 'playUntil', volume: 'a', reason: null });
      await child.ask({ do: 'play', seconds: 5 });
      expect(await child.ask({ do: 'close' })).toMatchObject({
        unexplained: [],
        reasons: ['no-permission'],
        holes: [{}],
      });
    } finally {
      await child.end();
    }
  });
});

/** A site in a process of its own, asked over IPC. */
function startSite(
  options: SiteOptions,
  env: Readonly<Record<string, string>>,
): { ask(question: object): Promise<unknown>; end(): Promise<void> } {
  const child = forkTs('test/support/recording-site-child.ts', {
    ...env,
    SITE: JSON.stringify(options),
  });
  const ended = once(child, 'exit');
  return {
    ask: async (question) => {
      child.send(question);
      const [answer] = (await Promise.race([
        once(child, 'message'),
        ended.then(() => Promise.reject(new Error('the process with the recorders ended'))),
      ])) as [{ value: unknown } | { error: string }];
      if ('error' in answer) throw new Error(answer.error);
      return answer.value;
    },
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
