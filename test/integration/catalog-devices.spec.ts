import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog, type DeviceReading, type DeviceSighting } from '@nightjar/catalog';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const T0 = Date.UTC(2026, 0, 1);

const sighting = (endpoint: string, address: string): DeviceSighting => ({
  endpoint,
  address,
  serviceUrls: [`http://${address}/onvif/device_service`],
  scopes: ['onvif://www.onvif.org/type/video_encoder'],
  name: 'Cam',
  hardware: 'HW',
});

const reading = (serial: string, over: Partial<DeviceReading> = {}): DeviceReading => ({
  serial,
  make: 'Acme',
  model: 'One',
  firmware: '1.0',
  hardware: 'HW 2',
  capabilities: ['device', 'media'],
  profiles: [],
  clockOffsetMs: -1_500.25,
  ...over,
});

describe('the devices of the catalog', () => {
  let postgres: TestPostgres;
  let catalog: Catalog;

  beforeAll(async () => {
    postgres = await startPostgres();
    catalog = new Catalog(postgres.url, { unavailable: () => undefined });
    await catalog.connect();
  });
  afterAll(async () => {
    await catalog.close();
    await postgres.remove();
  });

  it('are known by their endpoint reference, with every address they had', async () => {
    const first = await catalog.devices.sighted(sighting('urn:uuid:a', '10.0.0.1'), T0);
    await catalog.devices.sighted(sighting('urn:uuid:a', '10.0.0.2'), T0 + 1_000);
    const again = await catalog.devices.sighted(sighting('urn:uuid:a', '10.0.0.1'), T0 + 2_000);
    expect(again).toMatchObject({
      id: first?.id,
      addresses: ['10.0.0.1', '10.0.0.2'],
      decision: 'new',
      firstSeenMs: T0,
      lastSeenMs: T0 + 2_000,
      camera: undefined,
      readAtMs: undefined,
    });
  });

  it('say good-bye, and are back when they are seen again', async () => {
    await catalog.devices.sighted(sighting('urn:uuid:bye', '10.0.0.3'), T0);
    await catalog.devices.left('urn:uuid:bye', T0 + 5);
    const byEndpoint = async () =>
      (await catalog.devices.list()).find(({ endpoint }) => endpoint === 'urn:uuid:bye');
    expect((await byEndpoint())?.leftAtMs).toBe(T0 + 5);
    await catalog.devices.sighted(sighting('urn:uuid:bye', '10.0.0.3'), T0 + 10);
    expect((await byEndpoint())?.leftAtMs).toBeUndefined();
  });

  it('keep their decision when they come back with the same serial number and another reference', async () => {
    const old = (await catalog.devices.sighted(sighting('urn:uuid:old', '10.0.1.1'), T0))!;
    await catalog.devices.read(old.id, reading('S1'), [], { atMs: T0, asideMs: T0 });
    expect(await catalog.devices.adopt(old.id, 'front-door')).toBe(true);
    const fresh = (await catalog.devices.sighted(
      sighting('urn:uuid:new', '10.0.1.9'),
      T0 + 9_000,
    ))!;
    const changes = [{ what: 'address', before: '10.0.1.1', after: '10.0.1.9', atMs: T0 + 9_000 }];
    const id = await catalog.devices.read(fresh.id, reading('S1', { firmware: '2' }), changes, {
      atMs: T0 + 9_000,
      asideMs: T0 + 8_000,
    });
    expect(id).toBe(old.id);
    expect(await catalog.devices.get(fresh.id)).toBeUndefined();
    expect(await catalog.devices.ofCamera('front-door')).toMatchObject({
      id: old.id,
      endpoint: 'urn:uuid:new',
      addresses: ['10.0.1.9'],
      decision: 'adopted',
      firmware: '2',
      clockOffsetMs: -1_500.25,
      changes,
      firstSeenMs: T0,
      lastSeenMs: T0 + 9_000,
    });
  });

  it('are two when both answer the same search, whatever serial number they share', async () => {
    const [a, b] = await Promise.all([
      catalog.devices.sighted(sighting('urn:uuid:twin-a', '10.0.2.1'), T0 + 20_000),
      catalog.devices.sighted(sighting('urn:uuid:twin-b', '10.0.2.2'), T0 + 20_001),
    ]);
    for (const { id } of [a!, b!])
      await catalog.devices.read(id, reading('123456'), [], { atMs: T0, asideMs: T0 + 19_000 });
    expect(await catalog.devices.get(a!.id)).toMatchObject({ serial: '123456' });
    expect(await catalog.devices.get(b!.id)).toMatchObject({ serial: '123456' });
  });

  it('are ignored, looked at again, and forgotten only while nobody decided', async () => {
    const left = (await catalog.devices.sighted(sighting('urn:uuid:left', '10.0.3.1'), T0))!;
    expect(await catalog.devices.setIgnored(left.id, true)).toBe(true);
    await catalog.devices.forget(T0 + 1_000);
    expect(await catalog.devices.get(left.id)).toMatchObject({ decision: 'ignored' });
    await catalog.devices.setIgnored(left.id, false);
    await catalog.devices.forget(T0 + 1_000);
    expect(await catalog.devices.get(left.id)).toBeUndefined();
    expect(await catalog.devices.setIgnored(999_999, true)).toBe(false);
  });

  it('keep what was known when they cannot be read', async () => {
    const cam = (await catalog.devices.sighted(sighting('urn:uuid:mute', '10.0.4.1'), T0))!;
    await catalog.devices.read(cam.id, reading('M1'), [], { atMs: T0, asideMs: T0 });
    await catalog.devices.unread(cam.id, 'timeout');
    expect(await catalog.devices.get(cam.id)).toMatchObject({ serial: 'M1', problem: 'timeout' });
  });
});
