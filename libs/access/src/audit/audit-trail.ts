import { randomUUID } from 'node:crypto';
import { TokenBucket, type Clock } from '@nightjar/common';

/** What is written down. */
export const AUDIT_KINDS = [
  'login-failed',
  'login-throttled',
  'denied',
  'playback',
  'publish',
  'talk',
  'export',
  'url-signed',
  'hold-set',
  'hold-released',
  'configuration-changed',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Who did it, from where, and what it was about. */
export interface AuditSubject {
  readonly principal?: string | undefined;
  readonly address?: string | undefined;
  readonly protocol?: 'rtsp' | 'http' | undefined;
  readonly camera?: string | undefined;
  readonly data?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export interface AuditNote extends AuditSubject {
  /** Unique. */
  readonly id: string;
  /** Wall time, Unix epoch milliseconds. */
  readonly atMs: number;
  readonly kind: AuditKind;
}

/** So many notes at once, then so many a second; more are dropped: a flood must not fill a disk. */
const BURST = 500;
const PER_SECOND = 20;
/** The same of the same within this time is one: players ask for each piece of what they play. */
const REPEAT_MS = 60_000;
const REPEATABLE: readonly AuditKind[] = ['denied', 'playback'];
const MAX_REMEMBERED = 4_096;

export interface AuditTrailOptions {
  readonly clock: Clock;
  /** A note was not kept. */
  readonly dropped?: () => void;
}

/** Notes decisions that matter. Nobody waits for it. */
export class AuditTrail {
  private readonly bucket: TokenBucket;
  private readonly noted = new Map<string, number>();
  private keep: (note: AuditNote) => void = () => undefined;

  constructor(private readonly options: AuditTrailOptions) {
    this.bucket = new TokenBucket(PER_SECOND, BURST, options.clock.monotonicMs());
  }

  /** Gives the notes from here on to who keeps them, which must not take long. */
  listen(keep: (note: AuditNote) => void): void {
    this.keep = keep;
  }

  note(kind: AuditKind, subject: AuditSubject): void {
    const { clock, dropped } = this.options;
    const nowMs = clock.monotonicMs();
    if (REPEATABLE.includes(kind) && this.isRepeated(kind, subject, nowMs)) return;
    if (!this.bucket.take(1, nowMs)) {
      dropped?.();
      return;
    }
    this.keep({ id: randomUUID(), atMs: Math.floor(clock.wallMs()), kind, ...subject });
  }

  private isRepeated(kind: AuditKind, subject: AuditSubject, nowMs: number): boolean {
    const { principal, address, protocol, camera, data } = subject;
    const key = JSON.stringify([kind, principal, address, protocol, camera, data?.['action']]);
    const before = this.noted.get(key);
    if (before !== undefined && nowMs - before < REPEAT_MS) return true;
    this.noted.delete(key);
    this.noted.set(key, nowMs);
    for (const oldest of this.noted.keys()) {
      if (this.noted.size <= MAX_REMEMBERED) break;
      this.noted.delete(oldest);
    }
    return false;
  }
}
