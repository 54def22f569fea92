import { NightjarError } from '@nightjar/common';

/** What the path of a segment says; enough for a timeline without opening a file. */
export interface SegmentName {
  readonly camera: string;
  readonly stream: string;
  /** 12 lower-case hex digits. */
  readonly run: string;
  /** Place in the run, from 0. */
  readonly sequence: number;
  /** Whole milliseconds. */
  readonly startMs: number;
}

export const HOUR_MS = 3_600_000;
/** A camera or stream name is one path element, one label value and one part of a URL. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const FILE_NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z_([0-9a-f]{12})_(\d{6,})\.mp4$/;

/** True if it may name a camera or a stream: safe as one element of a path. */
export function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name);
}

/** `<camera>/<stream>`; throws NightjarError `recording/name` for names that are no plain path elements. */
export function streamDirectory(camera: string, stream: string): string {
  for (const name of [camera, stream]) {
    if (!isPlainName(name)) {
      throw new NightjarError(
        'invalid',
        'recording/name',
        `${JSON.stringify(name)} cannot name a directory`,
      );
    }
  }
  return `${camera}/${stream}`;
}

/** `<yyyy>/<mm>/<dd>/<hh>` in UTC. */
export function hourDirectory(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 13).replace(/[-T]/g, '/');
}

/** Path below the volume, with `/` between its parts. */
export function printSegmentPath(name: SegmentName): string {
  const start = new Date(name.startMs).toISOString().replace(/[-:]/g, '');
  const sequence = String(name.sequence).padStart(6, '0');
  const directory = `${streamDirectory(name.camera, name.stream)}/${hourDirectory(name.startMs)}`;
  return `${directory}/${start}_${name.run}_${sequence}.mp4`;
}

/** Start, run and sequence of a file name, or undefined when it is not a segment. */
export function parseSegmentFile(
  file: string,
): Pick<SegmentName, 'run' | 'sequence' | 'startMs'> | undefined {
  const match = FILE_NAME.exec(file);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms, run, digits] = match;
  const startMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  const sequence = Number(digits);
  if (Number.isNaN(startMs) || run === undefined || !Number.isSafeInteger(sequence))
    return undefined;
  return { run, sequence, startMs };
}

/** The inverse of {@link printSegmentPath}: undefined for any path it would not print. */
export function parseSegmentPath(path: string): SegmentName | undefined {
  const parts = path.split('/');
  const [camera, stream] = parts;
  const file = parseSegmentFile(parts.at(-1) ?? '');
  if (parts.length !== 7 || camera === undefined || stream === undefined || file === undefined)
    return undefined;
  if (!isPlainName(camera) || !isPlainName(stream)) return undefined;
  const name = { camera, stream, ...file };
  return printSegmentPath(name) === path ? name : undefined;
}
