/** Places for connections to cameras; whoever has one gives it back. */
export class CameraSlots {
  private inUse = 0;

  /**
   * @param limit asked anew each time
   * @param full told of each request that found no place
   */
  constructor(
    private readonly limit: () => number,
    private readonly full: () => void = () => undefined,
  ) {}

  get taken(): number {
    return this.inUse;
  }

  /** Gives the place back when the result is called; further calls do nothing. Undefined: all are taken. */
  take(): (() => void) | undefined {
    if (this.inUse >= this.limit()) {
      this.full();
      return undefined;
    }
    this.inUse += 1;
    let given = true;
    return () => {
      if (given) this.inUse -= 1;
      given = false;
    };
  }
}
