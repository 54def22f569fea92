import type { Catalog } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { Volume } from '@nightjar/recording';

/**
 * The configured volumes as this process sees them: opened when first needed, checked on every use, known to the
 * catalog. Never gives a folder its identity: that is the recorder's to do.
 */
export class VolumeRegistry {
  private readonly open = new Map<string, Volume>();

  constructor(
    private readonly catalog: Catalog,
    private readonly paths: ReadonlyMap<string, string>,
  ) {}

  get names(): string[] {
    return [...this.paths.keys()];
  }

  /**
   * The volume of that name, with the right disk mounted, registered in the catalog.
   * @throws NightjarError `not-found` for a name that is not configured, `unavailable` while disk or database is away
   */
  async get(name: string): Promise<Volume> {
    const known = this.open.get(name);
    if (known !== undefined) {
      await known.verify().catch((error: unknown) => {
        // Another disk may be there now, with another identity.
        this.open.delete(name);
        throw error;
      });
      return known;
    }
    const path = this.paths.get(name);
    if (path === undefined)
      throw new NightjarError('not-found', 'worker/unknown-volume', `there is no volume ${name}`, {
        volume: name,
      });
    // Gives no folder an identity.
    const volume = await Volume.open(name, path);
    await this.catalog.volumes.register({ id: volume.id, name, path });
    this.open.set(name, volume);
    return volume;
  }
}
