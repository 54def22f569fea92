import { NightjarError, type Clock } from '@nightjar/common';
import type {
  BlockPool,
  MountStream,
  PlayAnswer,
  PlayRequest,
  StreamOutput,
} from '@nightjar/relay';
import { printRange } from '@nightjar/rtsp';
import { MediaTime, Outbox, TrackSender } from '@nightjar/sending';
import type { FileDescription, FileLibrary, PlayableFile } from './file-library.js';
import { FilePass, type FileCourse } from './file-pass.js';
import { planOf, type FilePlan } from './file-plan.js';

/** Distance in media time between the last unit before a seek and the first one behind it. */
const SEEK_LEAD_MS = 40;

/** What the sessions that play a file are made with. */
export interface FilePlayOptions {
  readonly library: FileLibrary;
  /** Decoded path below the root. */
  readonly name: string;
  readonly clock: Clock;
  /** Memory that packets are sent from; shared. */
  readonly blocks: BlockPool;
  readonly cname: string;
  readonly onError: (error: unknown) => void;
  readonly onSessions: (change: 1 | -1) => void;
}

export interface FileStreamOptions extends FilePlayOptions {
  readonly description: FileDescription;
  readonly output: StreamOutput;
}

/** What one RTSP session plays of a file: one pass after the other, each from a PLAY with a range. */
export class FileStream implements MountStream {
  private readonly time = new MediaTime({ startMs: 0, nptAt: (ms) => ms });
  private readonly outbox: Outbox;
  private readonly senders: readonly TrackSender[];
  private file: PlayableFile | undefined;
  private pass: FilePass | undefined;
  private closed = false;

  constructor(private readonly options: FileStreamOptions) {
    const { output, clock, blocks, cname, description, onSessions } = options;
    this.outbox = new Outbox(output, clock, blocks);
    this.senders = description.formats.map((format, track) => {
      const ssrc = output.ssrc(track);
      const sender = new TrackSender(track, format, this.outbox, ssrc, cname);
      sender.use(description.tracks[track]!);
      return sender;
    });
    onSessions(1);
  }

  async play(request: PlayRequest): Promise<PlayAnswer> {
    const { pass } = this;
    const { description, output } = this.options;
    const goesOn = request.range === undefined && pass?.over === false;
    const plan = planOf(request, description, output.transport, goesOn ? pass.plan : undefined);
    if (goesOn && plan.scale === pass.plan.scale) {
      pass.resume(plan);
      return this.answer(pass, pass.positionMs);
    }
    // At another scale other units are read: from the keyframe before on, to the same end.
    const range = goesOn ? restOf(pass) : request.range;
    const wasPaused = pass?.paused === true;
    // From here on nothing of the old place may be sent: it would follow the answer.
    pass?.suspend();
    try {
      const file = await this.opened();
      const course = await this.courseOf(file, range);
      return await this.begin(file, course, plan);
    } catch (error) {
      if (!wasPaused) pass?.resume(pass.plan);
      throw error;
    }
  }

  pause(): Promise<{ readonly range?: string }> {
    this.pass?.suspend();
    return Promise.resolve({ range: this.printed(this.pass?.positionMs ?? 0, this.pass?.endMs) });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.options.onSessions(-1);
    void this.letGo();
  }

  private async letGo(): Promise<void> {
    try {
      await this.pass?.end();
      await this.file?.close();
    } catch (error) {
      this.options.onError(error);
    }
  }

  /** The file, that must still be what was described. */
  private async opened(): Promise<PlayableFile> {
    if (this.file !== undefined) return this.file;
    const { library, name, description } = this.options;
    const file = await library.open(name);
    const changed = file.description.identity !== description.identity;
    if (changed || this.closed) {
      await file.close();
      throw new NightjarError('data-loss', 'files/changed', 'the file has changed meanwhile');
    }
    this.file = file;
    return file;
  }

  /** @throws NightjarError with status 457 outside the file, 456 where it cannot be sought in, 501 for other units */
  private async courseOf(file: PlayableFile, range: PlayRequest['range']): Promise<FileCourse> {
    if (range?.unit === 'other') throw refused(501, 'unknown range unit');
    if (range?.unit === 'clock') throw refused(456, 'a file has no wall-clock time');
    const { durationMs = Infinity, seekable } = this.options.description;
    const now = this.pass?.positionMs ?? 0;
    const startMs = range?.start === 'now' ? now : (range?.start ?? 0) * 1000;
    const endMs = range?.end === undefined ? undefined : range.end * 1000;
    if (startMs > 0 && !seekable) throw refused(456, 'the file can only be played from its start');
    if (startMs > 0 && startMs >= durationMs) throw refused(457, 'the range lies behind the file');
    if (endMs !== undefined && endMs <= startMs) throw refused(457, 'the range is empty');
    return { fromMs: startMs > 0 ? await file.media.startAt(startMs) : 0, endMs };
  }

  private async begin(file: PlayableFile, course: FileCourse, plan: FilePlan): Promise<PlayAnswer> {
    await this.pass?.end();
    const { options, time, senders, outbox } = this;
    time.moveTo(course.fromMs, SEEK_LEAD_MS, 1 / plan.scale);
    for (const sender of senders) sender.restart();
    const { output, clock } = options;
    const pass = new FilePass({ output, clock, time, senders, outbox }, file.media, course, plan);
    this.pass = pass;
    const answer = this.answer(pass, course.fromMs);
    if (!this.closed) pass.start((error) => this.failed(error));
    return answer;
  }

  private answer(pass: FilePass, startMs: number): PlayAnswer {
    const mediaMs = this.time.at(startMs);
    return {
      range: this.printed(startMs, pass.endMs),
      scale: pass.plan.scale,
      speed: pass.plan.speed,
      rtpInfo: this.senders.map((sender) => ({
        track: sender.track,
        seq: sender.sequence,
        rtptime: sender.timestampAt(mediaMs),
      })),
    };
  }

  private printed(startMs: number, askedEndMs: number | undefined): string {
    const { durationMs } = this.options.description;
    const endMs = Math.min(askedEndMs ?? Infinity, durationMs ?? Infinity);
    const end = Number.isFinite(endMs) ? Math.max(endMs, startMs) / 1000 : undefined;
    return printRange({ unit: 'npt', start: Math.max(0, startMs) / 1000, end });
  }

  private failed(error: unknown): void {
    this.options.onError(error);
    this.options.output.cut('file-failed');
  }
}

function restOf({ positionMs, endMs }: FilePass): PlayRequest['range'] {
  const start = positionMs / 1000;
  return { unit: 'npt', start, end: endMs === undefined ? undefined : endMs / 1000 };
}

function refused(status: number, message: string): NightjarError {
  return new NightjarError('invalid', 'files/range', message, { status });
}
