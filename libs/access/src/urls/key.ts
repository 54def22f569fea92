/** The key that signs URLs; the injection token of the same. */
export class UrlKey {
  constructor(readonly bytes: Buffer) {}
}
