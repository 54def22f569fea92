import type { DeviceProfile } from '@nightjar/catalog';

/** A profile that can be pulled. */
export type StreamProfile = DeviceProfile & { readonly streamUrl: string };

const CODECS: readonly string[] = ['H264', 'H265', 'HEVC'];

/**
 * The streams that a camera gets: the one with the largest picture is `main`, of equal ones that with the most bits; the least of
 * the others is `sub`. Of wholly equal ones the first is taken, as the camera lists them.
 * @returns undefined when there is none in a codec that is recorded
 */
export function chooseStreams(
  profiles: readonly DeviceProfile[],
): { readonly main: StreamProfile; readonly sub: StreamProfile | undefined } | undefined {
  const usable = profiles.filter(
    (profile): profile is StreamProfile =>
      profile.streamUrl !== undefined && CODECS.includes(profile.codec?.toUpperCase() ?? ''),
  );
  const [main] = usable.toSorted((a, b) => compare(b, a));
  if (main === undefined) return undefined;
  const [sub] = usable
    .filter((one) => one.streamUrl !== main.streamUrl && compare(one, main) < 0)
    .toSorted(compare);
  return { main, sub };
}

/** By size of the picture, then by bits. */
function compare(a: DeviceProfile, b: DeviceProfile): number {
  return pixels(a) - pixels(b) || (a.bitrateKbps ?? 0) - (b.bitrateKbps ?? 0);
}

function pixels({ width = 0, height = 0 }: DeviceProfile): number {
  return width * height;
}
