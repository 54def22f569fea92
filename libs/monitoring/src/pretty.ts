import pinoPrettyStream from 'pino-pretty';
import type { DestinationStream } from 'pino';

/** Lines for people; in this thread and synchronous, so that the last words of a dying process are seen. */
export function pinoPretty(destination?: { write(line: string): void }): DestinationStream {
  const options = { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l', sync: true };
  if (destination === undefined) return pinoPrettyStream(options);
  const print = pinoPrettyStream.prettyFactory({ ...options, colorize: false });
  return { write: (line) => destination.write(print(line)) };
}
