/** Several challenges must not be folded into one line: their parameters use commas too (RFC 9110 s.11.6.1). */
const NEVER_FOLDED = 'www-authenticate';

/** Header fields of one message: names are case-insensitive, order and spelling are kept. RFC 2326 s.12. */
export class RtspHeaders {
  private readonly fields: { readonly key: string; readonly name: string; value: string }[] = [];

  /** Each name once, or once per value of an array. */
  static from(init: Readonly<Record<string, string | readonly string[]>>): RtspHeaders {
    const headers = new RtspHeaders();
    for (const [name, value] of Object.entries(init)) {
      for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
    }
    return headers;
  }

  /** The value; duplicates are joined with commas, except WWW-Authenticate, where the first one is given. */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    if (values.length < 2 || name.toLowerCase() === NEVER_FOLDED) return values[0];
    return values.join(', ');
  }

  /** The values of all fields of this name, in order. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.fields.filter((field) => field.key === key).map((field) => field.value);
  }

  /** Replaces the first field of this name and removes the others, or appends one. */
  set(name: string, value: string): void {
    const key = name.toLowerCase();
    const first = this.fields.findIndex((field) => field.key === key);
    if (first < 0) {
      this.append(name, value);
      return;
    }
    this.fields[first] = { key, name, value };
    for (let i = this.fields.length - 1; i > first; i -= 1) {
      if (this.fields[i]?.key === key) this.fields.splice(i, 1);
    }
  }

  append(name: string, value: string): void {
    this.fields.push({ key: name.toLowerCase(), name, value });
  }

  has(name: string): boolean {
    const key = name.toLowerCase();
    return this.fields.some((field) => field.key === key);
  }

  /** [name, value] in wire order. */
  *entries(): Iterable<[string, string]> {
    for (const { name, value } of this.fields) yield [name, value];
  }
}
