import { NightjarError } from '@nightjar/common';

/** Lets a few work at a time and a bounded number wait; the others are told to come again. */
export class Turnstile {
  private working = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
    private readonly what: string,
  ) {}

  /** @throws NightjarError 'exhausted' when too many wait already */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.working >= this.atOnce) {
      if (this.waiting.length >= this.maxWaiting) {
        throw new NightjarError(
          'exhausted',
          'footage/busy',
          `too many requests for ${this.what} at once; try again`,
        );
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.working += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.working -= 1;
      else next();
    }
  }
}
