import { describe, expect, it } from '@jest/globals';
import type { Catalog, FootageOf } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { rulesOf } from '../rules/rules.js';
import { Admission } from './admission.js';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 20);

/** A camera that began to record at {@link START_MS}, a byte each millisecond, onto a volume of a million bytes. */
async function installation(retention: string) {
  const { config } = await parseConfig(
    `
version: 1
volumes: { main: { path: /footage, minFreeBytes: 0B } }
cameras: { front: { streams: { main: "rtsp://a/" }, retention: ${retention} } }`,
    'nightjar.yaml',
    {},
  );
  const clock = new ManualClock(START_MS);
  const recorded = (): number => clock.wallMs() - START_MS;
  const footage = async (): Promise<FootageOf[]> => [
    {
      streamId: 1,
      volumeId: 'v',
      segments: 1,
      bytes: recorded(),
      oldestMs: START_MS,
      newestMs: clock.wallMs(),
    },
  ];
  const streams = async () => [{ streamId: 1, cameraId: 1, camera: 'front', stream: 'main' }];
  const catalog = {
    volumes: { list: async () => [{ id: 'v', name: 'main' }] },
    retention: { read: (work: (reader: object) => unknown) => work({ streams, footage }) },
  } as unknown as Catalog;
  const said: string[] = [];
  const admission = new Admission({
    catalog,
    clock,
    logger: { warn: (_where: unknown, message?: string) => said.push(message ?? '') },
    volume: async () => ({
      id: 'v',
      space: async () => ({ freeBytes: 1e6 - recorded(), sizeBytes: 1e6 }),
    }),
  });
  const check = () => admission.check(config, rulesOf(config));
  return { clock, said, check };
}

describe('the admission check', () => {
  it('of a new installation speaks as soon as it can know, and once', async () => {
    const { clock, said, check } = await installation('{ minAge: 1h }');
    await check();
    clock.advance(9 * MINUTE_MS);
    await check();
    expect(said).toEqual([]);
    clock.advance(2 * MINUTE_MS);
    await check();
    const warning =
      'the guarantees (minAge) of the cameras on volume main take 3.6 MB at the present rates, and it holds 1 MB';
    expect(said).toEqual([warning]);
    clock.advance(61 * MINUTE_MS);
    await check();
    expect(said).toEqual([warning]);
  });

  it('says nothing about promises that can be kept', async () => {
    const { clock, said, check } = await installation('{ minAge: 10m }');
    await check();
    clock.advance(11 * MINUTE_MS);
    await check();
    expect(said).toEqual([]);
  });
});
