import { requireAccess } from '@nightjar/access';
import type { AccessPolicy, Principal } from '@nightjar/access';
import type { Catalog } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';
import { offlineStreams, type OfflineStream } from '@nightjar/events';

export interface CameraView {
  name: string;
  /** `declared` in the file, or `managed` by Nightjar since it was adopted. */
  origin: 'declared' | 'managed';
  streams: string[];
  record: CameraConfig['record'];
  /** Null while the catalog cannot be asked. */
  recorded: { stream: string; oldest: string | null; newest: string | null }[] | null;
  /** The streams that are wanted and have no media, and why; null while the catalog cannot be asked. */
  offline: OfflineStream[] | null;
}

/** What the API says about cameras, to whom it may. */
export class CamerasService {
  constructor(
    private readonly catalog: Catalog,
    private readonly policy: AccessPolicy,
    private readonly config: () => NightjarConfig,
  ) {}

  /** The cameras that the principal may see. */
  async list(principal: Principal | undefined): Promise<CameraView[]> {
    requireAccess(this.policy, principal, 'view', undefined);
    const visible = Object.values(this.config().cameras).filter(
      ({ name }) => this.policy.decide(principal, 'view', name) === 'allow',
    );
    const [recorded, ongoing] = await Promise.all([
      ifThere(this.catalog.timeline.streams()),
      ifThere(this.catalog.events.ongoing()),
    ]);
    return visible.map(({ name, streams, record, managed }) => ({
      name,
      origin: managed === true ? 'managed' : 'declared',
      streams: Object.keys(streams),
      record,
      recorded:
        recorded
          ?.filter(({ camera }) => camera === name)
          .map(({ stream, oldestMs, newestMs }) => ({
            stream,
            oldest: printTime(oldestMs),
            newest: printTime(newestMs),
          })) ?? null,
      offline: ongoing === undefined ? null : offlineStreams(name, ongoing),
    }));
  }
}

/** The list of cameras is of use without the database too. */
async function ifThere<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'unavailable') return undefined;
    throw error;
  }
}

function printTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
