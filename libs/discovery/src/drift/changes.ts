import type { Device, DeviceChange, DeviceProfile, DeviceReading } from '@nightjar/catalog';

/** Clocks are read in whole seconds, over a network. */
const CLOCK_TOLERANCE_MS = 5_000;
/** Longest value of a change; addresses of streams may be longer. */
const MAX_CHARS = 200;
const MAX_CHANGES = 64;

type Told = readonly [what: string, before: string | undefined, after: string | undefined];

/**
 * What is other than before, with what was noticed earlier: a value that changed twice is told from the first to the last, one
 * that is as it was is told no more. What the device did not tell now is no change.
 * @param address at which the device is now
 */
export function changesOf(
  before: Device,
  address: string | undefined,
  reading: DeviceReading,
  atMs: number,
): DeviceChange[] {
  const earlier = new Map(before.changes.map((change) => [change.what, change]));
  for (const [what, from, to] of compare(before, address, reading)) {
    if (from === to) continue;
    const origin = earlier.get(what)?.before ?? cut(from);
    if (origin === cut(to)) earlier.delete(what);
    else earlier.set(what, { what, before: origin, after: cut(to), atMs });
  }
  return [...earlier.values()].slice(0, MAX_CHANGES);
}

/** Changes that are not among the earlier ones, or lead to another value. */
export function newChanges(
  before: readonly DeviceChange[],
  after: readonly DeviceChange[],
): DeviceChange[] {
  const known = new Map(before.map(({ what, after }) => [what, after]));
  return after.filter(({ what, after: value }) => !known.has(what) || known.get(what) !== value);
}

function compare(before: Device, address: string | undefined, reading: DeviceReading): Told[] {
  const told: Told[] = [
    ['address', before.addresses[0], address ?? before.addresses[0]],
    ['firmware', before.firmware, reading.firmware ?? before.firmware],
    ['serial', before.serial, reading.serial ?? before.serial],
  ];
  const offsets = [before.clockOffsetMs, reading.clockOffsetMs];
  const [was = 0, is = was] = offsets;
  if (before.clockOffsetMs !== undefined && Math.abs(is - was) > CLOCK_TOLERANCE_MS)
    told.push(['clock', seconds(was), seconds(is)]);
  if (reading.profiles === undefined || before.readAtMs === undefined) return told;
  for (const profile of before.profiles) {
    const now = reading.profiles.find(({ token }) => token === profile.token);
    told.push(...compareProfile(profile, now));
  }
  return told;
}

function compareProfile(before: DeviceProfile, after: DeviceProfile | undefined): Told[] {
  const name = `profile ${before.token}`;
  if (after === undefined) return [[name, 'there', undefined]];
  return [
    [name, 'there', 'there'],
    [`${name} codec`, before.codec, after.codec],
    [`${name} size`, size(before), size(after)],
    [`${name} frames per second`, text(before.framesPerSecond), text(after.framesPerSecond)],
    [`${name} frames per keyframe`, text(before.gopFrames), text(after.gopFrames)],
    [`${name} kbit/s`, text(before.bitrateKbps), text(after.bitrateKbps)],
    [`${name} stream`, pathOf(before.streamUrl), pathOf(after.streamUrl)],
  ];
}

/** The host is told as the address. */
function pathOf(url: string | undefined): string | undefined {
  return url?.replace(/^[a-z]+:\/\/[^/]*/, '');
}

function size({ width, height }: DeviceProfile): string | undefined {
  return width === undefined ? undefined : `${width}x${height}`;
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function cut(value: string | undefined): string | null {
  return value === undefined ? null : value.slice(0, MAX_CHARS);
}
