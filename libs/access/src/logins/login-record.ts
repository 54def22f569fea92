/** A login that others should know of. */
export interface LoginRecord {
  readonly kind: 'failed' | 'succeeded';
  /** Unix epoch. */
  readonly atMs: number;
  /** As `clientKey` has it. */
  readonly client: string;
  /** A hash of the user name: people type passwords there. */
  readonly user: string;
}

const LINE = /^([0-9a-f]{8}) ([fs]) (\d{1,15}) ([0-9A-Za-z:./-]{1,64}) ([0-9a-f]{16})$/;

/** One line, without its break. @param writer which process wrote it: 8 hexadecimal digits */
export function printLogin(writer: string, { kind, atMs, client, user }: LoginRecord): string {
  return `${writer} ${kind === 'failed' ? 'f' : 's'} ${Math.round(atMs)} ${client || '-'} ${user}`;
}

/** Undefined for what is no such line, as a torn one is. */
export function parseLogin(line: string): (LoginRecord & { readonly writer: string }) | undefined {
  const [, writer, kind, at, client, user] = LINE.exec(line) ?? [];
  if (writer === undefined || client === undefined || user === undefined) return undefined;
  return {
    writer,
    kind: kind === 'f' ? 'failed' : 'succeeded',
    atMs: Number(at),
    client: client === '-' ? '' : client,
    user,
  };
}
