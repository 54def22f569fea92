/** Can be shut for a while: who comes to it waits until it is opened. */
export class Gate {
  private waiting: { readonly opened: Promise<void>; readonly open: () => void } | undefined;

  get isShut(): boolean {
    return this.waiting !== undefined;
  }

  /** @returns false when it was shut already */
  shut(): boolean {
    if (this.waiting !== undefined) return false;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.waiting = { opened, open };
    return true;
  }

  open(): void {
    this.waiting?.open();
    this.waiting = undefined;
  }

  /** Resolves when it is open. */
  async passed(): Promise<void> {
    await this.waiting?.opened;
  }
}
