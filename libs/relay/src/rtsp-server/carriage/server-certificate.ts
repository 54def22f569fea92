import { messageOf, type Clock, type Timer } from '@nightjar/common';
import { outOfTime, readKeyPair, type KeyPair, type KeyPairFiles } from '@nightjar/config';
import { TlsDoor } from './tls-door.js';

/** How often the files are looked at; that they are read, not watched, works on every file system and through links. */
export const REREAD_MS = 5_000;

export interface CertificateOptions {
  readonly files: KeyPairFiles;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Told the end of validity of what is shown, now and when that changes; Unix epoch ms. */
  readonly expires: (notAfterMs: number) => void;
}

/**
 * The certificate of the RTSP server, as its files have it. A renewed pair is taken up by itself and shown to who comes
 * from then on; nobody inside is disturbed. While a pair cannot be used the one before stays.
 */
export class ServerCertificate {
  readonly door: TlsDoor;
  private timer: Timer | undefined;
  private reading: Promise<void> = Promise.resolve();
  private closed = false;
  /** What was wrong at the last look: one half is renewed before the other. */
  private problem: string | undefined;
  private reported = false;

  private constructor(
    private pair: KeyPair,
    private readonly options: CertificateOptions,
  ) {
    this.door = new TlsDoor(pair);
    this.tell();
    this.schedule();
  }

  /** @throws NightjarError `invalid` that says what is wrong with which file */
  static async open(options: CertificateOptions): Promise<ServerCertificate> {
    return new ServerCertificate(await readKeyPair(options.files), options);
  }

  /** Stops looking. */
  async close(): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    await this.reading;
  }

  private schedule(): void {
    this.timer = this.options.clock.setTimer(REREAD_MS, () => {
      this.reading = this.look().then(() => {
        if (!this.closed) this.schedule();
      });
    });
  }

  private async look(): Promise<void> {
    let next: KeyPair;
    try {
      next = await readKeyPair(this.options.files);
    } catch (error) {
      this.unusable(messageOf(error));
      return;
    }
    this.problem = undefined;
    this.reported = false;
    if (next.cert === this.pair.cert && next.key === this.pair.key) return;
    this.pair = next;
    this.door.update(next);
    this.options.log.info({ notAfter: new Date(next.notAfterMs) }, 'a new certificate is in use');
    this.tell();
  }

  private unusable(problem: string): void {
    const again = problem === this.problem;
    this.problem = problem;
    if (!again || this.reported) return;
    this.reported = true;
    this.options.log.error({ problem }, 'the new certificate cannot be used, the old one stays');
  }

  private tell(): void {
    const { clock, expires, log } = this.options;
    expires(this.pair.notAfterMs);
    const wrong = outOfTime(this.pair, clock.wallMs());
    if (wrong !== undefined) log.warn({ problem: wrong }, 'clients will not trust this server');
  }
}
