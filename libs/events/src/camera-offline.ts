import type { EventDetails } from '@nightjar/catalog';

/** Type of the event that lasts while a stream has no media that should: its label is the reason. */
export const CAMERA_OFFLINE = 'camera-offline';
/** Type of the event that lasts while players see something in place of a camera: its label is what. */
export const STAND_IN = 'stand-in';

/** An account that a camera refuses, as the data of the event tell it. */
export interface LoginTrouble {
  /** In a row, by all streams that use the account. */
  readonly refusals: number;
  /** RFC 3339; null: not before the credentials change. */
  readonly retryAt: string | null;
}

/** What is wrong with a stream now, for people and the API. */
export interface OfflineStream {
  readonly stream: string;
  /** RFC 3339; of what has gone on for more than a day, the last day. */
  readonly since: string;
  readonly reason: string;
  readonly login: LoginTrouble | null;
}

type EventData = Readonly<Record<string, string | number | boolean>>;

/** @param retryAtMs wall time; undefined: never */
export function loginData(refusals: number, retryAtMs: number | undefined): EventData {
  if (retryAtMs === undefined) return { loginRefusals: refusals };
  return { loginRefusals: refusals, loginRetryAt: new Date(retryAtMs).toISOString() };
}

/** The streams of a camera that are offline, by what goes on. */
export function offlineStreams(camera: string, ongoing: readonly EventDetails[]): OfflineStream[] {
  return ongoing
    .filter((event) => event.camera === camera && event.type === CAMERA_OFFLINE)
    .map(({ stream, startMs, label, data }) => ({
      stream: stream ?? '',
      since: new Date(startMs).toISOString(),
      reason: label ?? 'unknown',
      login: loginOf(data ?? {}),
    }));
}

function loginOf({ loginRefusals, loginRetryAt }: Record<string, unknown>): LoginTrouble | null {
  if (typeof loginRefusals !== 'number') return null;
  return {
    refusals: loginRefusals,
    retryAt: typeof loginRetryAt === 'string' ? loginRetryAt : null,
  };
}
