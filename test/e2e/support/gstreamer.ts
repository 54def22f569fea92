import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './program.js';

/** The interpreter for which Debian has the bindings of GStreamer, whatever else is in PATH. */
export const SYSTEM_PYTHON = '/usr/bin/python3';
const HERE = path.dirname(fileURLToPath(import.meta.url));
const SCRIPT = path.join(HERE, 'onvif-replay.py');
const SEEK_SCRIPT = path.join(HERE, 'gst-seek.py');
const ASKING_SCRIPT = path.join(HERE, 'gst-asks.py');

/** An access unit as it came out of rtspsrc. */
export interface GstUnit {
  readonly wallMs: number;
  /** Of `CEDT` those that are set. */
  readonly flags: string;
  readonly cseq: number;
  readonly sequence: number;
  /** RTP, 32 bits. */
  readonly timestamp: number;
}

export interface GstReplay {
  /** Those of the last PLAY. */
  readonly units: readonly GstUnit[];
  /** Decoded, of all PLAYs. */
  readonly pictures: number;
  /** Headers of each PLAY. */
  readonly requests: readonly Readonly<Record<'range' | 'scale' | 'require', string | null>>[];
}

export type GstOption = 'rate-control' | 'key-units' | 'require';

/** Replays with `rtspsrc onvif-mode=true`; a negative rate goes from `stopMs` back to `startMs`. */
export async function gstReplay(
  url: string,
  rate: number,
  { startMs, stopMs }: { readonly startMs: number; readonly stopMs: number },
  options: readonly GstOption[],
  limitMs = 30_000,
): Promise<GstReplay> {
  const times = [startMs, stopMs].map((ms) => (ms / 1000).toFixed(3));
  const { code, stdout, stderr } = await runProgram(
    SYSTEM_PYTHON,
    [SCRIPT, url, String(rate), ...times, ...options],
    { limitMs },
  );
  if (code !== 0) throw new Error(`GStreamer ended with ${code}: ${stderr}`);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const all = lines.slice(0, -1) as GstUnit[];
  const cseq = all.at(-1)?.cseq;
  return {
    units: all.filter((unit) => unit.cseq === cseq),
    ...(lines.at(-1) as Pick<GstReplay, 'pictures' | 'requests'>),
  };
}

/** Pictures that were shown before and after a seek; `ended`: the stream came to its end. */
export interface GstSeek {
  readonly before: number;
  readonly after: number;
  readonly ended: boolean;
  /** When those after the seek are to be shown. */
  readonly timesMs: readonly number[];
}

/** Plays a recording of H.264 with `rtspsrc` and seeks to a play time while it plays. @param rate of play from there on */
export async function gstSeek(
  url: string,
  version: '1-0' | '2-0',
  transport: 'tcp' | 'udp',
  toSeconds: number,
  rate = 1,
): Promise<GstSeek> {
  const args = [SEEK_SCRIPT, url, version, transport, String(toSeconds), String(rate)];
  const { stdout } = await runProgram(SYSTEM_PYTHON, args);
  return JSON.parse(stdout) as GstSeek;
}

/** How the server ended or changed what rtspsrc played. */
export interface GstTold {
  /** Requests of the server; the method where GStreamer knows its name. */
  readonly asked: readonly {
    readonly method: string | null;
    readonly 'Notify-Reason'?: string;
    readonly 'Terminate-Reason'?: string;
    readonly Scale?: string;
  }[];
  /** Packets of each UDP port at which any came. */
  readonly ports: readonly { readonly rtp: number; readonly rtcp: number }[];
  /** Requests and answers, header by header. */
  readonly log: string;
}

/**
 * Plays in RTSP 2.0 until the server has something to say, or refuses.
 * @param changes headers to send by method; `{port}` is the first UDP port of rtspsrc
 */
export async function gstAsks(
  url: string,
  transport: 'tcp' | 'udp',
  changes: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Promise<GstTold> {
  const args = [ASKING_SCRIPT, url, transport, JSON.stringify(changes)];
  const env = { ...process.env, GST_DEBUG: 'rtspsrc:6', GST_DEBUG_NO_COLOR: '1' };
  const { stdout, stderr } = await runProgram(SYSTEM_PYTHON, args, { env });
  return { ...(JSON.parse(stdout) as Omit<GstTold, 'log'>), log: stderr };
}
