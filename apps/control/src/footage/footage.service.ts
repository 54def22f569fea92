import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ANY_FILE,
  requireAccess,
  type AccessPolicy,
  type FootageSpan,
  type Principal,
} from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import {
  printStrip,
  type HourStrips,
  type HttpFootage,
  type ThumbnailRequest,
} from '@nightjar/playback';
import type { FileSender } from './send-file.js';
import type {
  ClipQuery,
  HourStripQuery,
  PlaylistQuery,
  SegmentQuery,
  SnapshotQuery,
  ThumbnailsQuery,
} from './footage-queries.js';

export type FootageRequestMessage = IncomingMessage & { readonly principal?: Principal };

/** Token of {@link FootageService}. */
export const FOOTAGE_SERVICE = Symbol('FootageService');

/** A picture of the past does not change. */
const PICTURE_MAX_AGE_SECONDS = 3_600;
/** A stored segment only grows. */
const SEGMENT_MAX_AGE_SECONDS = 60;
const DEFAULT_SIDE_PX = 7_680;

/** Answers with footage, to whom it may. */
export class FootageService {
  constructor(
    private readonly footage: HttpFootage,
    private readonly policy: AccessPolicy,
    private readonly sender: FileSender,
    private readonly strips: HourStrips,
    /** The stream that a camera's recordings are of when none is named. */
    private readonly recordedStream: (camera: string) => string,
  ) {}

  async clip(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    { start, end, stream, gaps }: ClipQuery,
  ): Promise<void> {
    this.allow(request, camera, { startMs: start, endMs: end });
    const wanted = { ...this.stream(camera, stream), startMs: start, endMs: end, gaps };
    const clip = await this.footage.clip(wanted, isResuming(request));
    response.setHeader('Nightjar-Start', new Date(clip.startMs).toISOString());
    response.setHeader('Nightjar-End', new Date(clip.endMs).toISOString());
    if (clip.volumesAway.length > 0)
      response.setHeader('Nightjar-Volumes-Away', clip.volumesAway.join(', '));
    const { file, etag } = clip;
    const name = `${camera}_${fileTime(clip.startMs)}.mp4`;
    await this.sender.send(request, response, {
      file,
      etag,
      type: 'video/mp4',
      name,
      kind: 'clip',
    });
  }

  async playlist(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    { start, end, stream, ranges, token }: PlaylistQuery,
  ): Promise<void> {
    this.allow(request, camera, { startMs: start, endMs: end });
    const wanted = { ...this.stream(camera, stream), startMs: start, endMs: end, ranges, token };
    const text = await this.footage.playlist(wanted);
    reply(request, response, 'application/vnd.apple.mpegurl', Buffer.from(text));
  }

  async segment(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    file: string,
    { stream: named, position, from, to }: SegmentQuery,
  ): Promise<void> {
    this.allow(request, camera, ANY_FILE);
    const { stream } = this.stream(camera, named);
    const segment = await this.footage.segment(camera, stream, file, position);
    this.allow(request, camera, { ...segment, inFiles: true });
    const { file: whole } = segment;
    await this.sender.send(request, response, {
      file: whole.slice(from ?? 0, to ?? whole.size),
      type: 'video/mp4',
      kind: 'segment',
      maxAgeSeconds: SEGMENT_MAX_AGE_SECONDS,
    });
  }

  async snapshot(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    { at, stream, width, height }: SnapshotQuery,
  ): Promise<void> {
    this.allow(request, camera, instant(at));
    const size =
      width === undefined && height === undefined
        ? undefined
        : { width: width ?? DEFAULT_SIDE_PX, height: height ?? DEFAULT_SIDE_PX };
    const wanted = { ...this.stream(camera, stream), at, size };
    const { jpeg, wallMs } = await this.footage.snapshot(wanted, goneSignal(response));
    response.setHeader('Nightjar-Time', new Date(wallMs).toISOString());
    reply(request, response, 'image/jpeg', jpeg, at === 'latest' ? 0 : PICTURE_MAX_AGE_SECONDS);
  }

  async thumbnails(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    query: ThumbnailsQuery,
  ): Promise<void> {
    this.allow(request, camera, { startMs: query.start, endMs: query.end });
    const wanted = this.stripRequest(camera, query);
    const jpeg = await this.footage.thumbnails(wanted, goneSignal(response));
    reply(request, response, 'image/jpeg', jpeg, SEGMENT_MAX_AGE_SECONDS);
  }

  async strip(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    query: ThumbnailsQuery,
  ): Promise<void> {
    this.allow(request, camera, { startMs: query.start, endMs: query.end });
    const strip = await this.footage.strip(this.stripRequest(camera, query));
    const body = Buffer.from(JSON.stringify(printStrip(strip)));
    reply(request, response, 'application/json', body);
  }

  /** A file that the worker made of a whole hour. */
  async hourStrip(
    request: FootageRequestMessage,
    response: ServerResponse,
    camera: string,
    file: string,
    { stream: named }: HourStripQuery,
  ): Promise<void> {
    this.allow(request, camera, ANY_FILE);
    this.allow(request, camera, this.strips.spanOf(file));
    const { stream } = this.stream(camera, named);
    const bytes = await readFile(this.strips.file(camera, stream, file)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new NightjarError('not-found', 'footage/no-strip', 'there is no such strip');
    });
    const type = file.endsWith('.json') ? 'application/json' : 'image/jpeg';
    reply(request, response, type, bytes, PICTURE_MAX_AGE_SECONDS);
  }

  private stripRequest(camera: string, query: ThumbnailsQuery): ThumbnailRequest {
    const { start, end, stream, count, width } = query;
    return { ...this.stream(camera, stream), startMs: start, endMs: end, count, width };
  }

  private allow({ principal }: FootageRequestMessage, camera: string, span: FootageSpan): void {
    requireAccess(this.policy, principal, 'playback', camera, span);
  }

  private stream(camera: string, named: string | undefined): { camera: string; stream: string } {
    return { camera, stream: named ?? this.recordedStream(camera) };
  }
}

/** The newest picture is of any time, so nobody has it who is bound to some. */
function instant(at: number | 'latest'): FootageSpan {
  return at === 'latest' ? { startMs: -Infinity, endMs: Infinity } : { startMs: at, endMs: at };
}

/** The client has the beginning already: what it gets now must go on with it. */
function isResuming({ headers }: IncomingMessage): boolean {
  return headers['if-range'] !== undefined || /^bytes=0*[1-9]/.test(headers.range ?? '');
}

/** For file names: no colons. */
function fileTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

/** Aborts when nobody waits for the answer any more. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

function reply(
  { method }: IncomingMessage,
  response: ServerResponse,
  type: string,
  body: Buffer,
  maxAgeSeconds = 0,
): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader(
    'Cache-Control',
    maxAgeSeconds === 0 ? 'private, no-cache' : `private, max-age=${maxAgeSeconds}`,
  );
  response.end(method === 'HEAD' ? undefined : body);
}
