import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { KnownVolumes, Volume, knownVolumesFile } from '@nightjar/recording';
import { readArguments } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, UsageError, type Command, type Output } from '../command.js';
import { readConfig } from '../open-archive.js';
import { lookAtVolumes, type VolumeReport } from '../volume/look-at-volumes.js';

export const volumeCommand: Command = {
  name: 'volume',
  summary: 'list volumes, see how they are, take a folder or another disk as one',
  usage: `nightjar volume list [--json] [--config FILE]
nightjar volume status [NAME] [--json] [--config FILE]
nightjar volume adopt NAME [--json] [--config FILE]
nightjar volume forget [DISK] [--json] [--config FILE]

list    the volumes of the configuration and the disks that belong to them
status  looks at each volume as the recorder does: the right disk, its space, and whether a small file can be written to
        one that is active; exit code 1 when one cannot be used
adopt   makes what is at the path of volume NAME now that volume: a new disk, a folder that holds other files, a disk put
        in the place of another, or an empty folder where a disk was lost. Nothing in it is changed but
        .nightjar/volume.json is added if it is not there. A running Nightjar takes it up by itself.
forget  for a disk that will not come back: notes that the footage on it is gone, so that it is missing in timelines and
        counts for no limit. Without DISK: lists the disks that have footage and are no volume now

  --json         print one JSON document
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)`,
  async run(args, output) {
    const options = { config: { type: 'string' }, json: { type: 'boolean' } } as const;
    const { values, positionals } = readArguments(args, options, 2);
    const [verb, name] = positionals;
    const json = values.json === true;
    if (verb === 'list' && name === undefined)
      return await list(await readConfig(values.config), json, output);
    if (verb === 'status') return await status(await readConfig(values.config), name, json, output);
    if (verb === 'adopt' && name !== undefined)
      return await adopt(await readConfig(values.config), name, json, output);
    if (verb === 'forget') return await forget(await readConfig(values.config), name, json, output);
    throw new UsageError('expected: list, status [NAME], adopt NAME or forget [DISK]');
  },
};

async function list(config: NightjarConfig, json: boolean, { out }: Output): Promise<number> {
  const known = await KnownVolumes.load(knownVolumesFile(config.dataDir));
  const volumes = Object.entries(config.volumes).map(([name, { path, state, adopt: taken }]) => ({
    name,
    state,
    id: known.idOf(name, path) ?? null,
    path,
    adopt: taken,
  }));
  if (json) out(JSON.stringify({ volumes }, undefined, 2));
  else
    printTable(out, [
      ['NAME', 'STATE', 'DISK', 'PATH'],
      ...volumes.map(({ name, state, id, path }) => [name, state, id ?? '-', path]),
    ]);
  return EXIT_OK;
}

async function status(
  config: NightjarConfig,
  only: string | undefined,
  json: boolean,
  { out }: Output,
): Promise<number> {
  const volumes = only === undefined ? config.volumes : { [only]: volumeOf(config, only) };
  const reports = await lookAtVolumes({ ...config, volumes });
  if (json) out(JSON.stringify({ volumes: reports }, undefined, 2));
  else {
    printTable(out, [
      ['NAME', 'STATE', 'HEALTH', 'FREE', 'SIZE', 'DISK'],
      ...reports.map((report) => [
        report.name,
        report.state,
        report.health,
        gigabytes(report.freeBytes),
        gigabytes(report.sizeBytes),
        report.id ?? '-',
      ]),
    ]);
    for (const { name, problem } of reports) if (problem !== null) out(`${name}: ${problem}`);
  }
  return reports.every(isUsable) ? EXIT_OK : EXIT_FAILED;
}

async function adopt(
  config: NightjarConfig,
  name: string,
  json: boolean,
  { out }: Output,
): Promise<number> {
  const { path } = volumeOf(config, name);
  const { id } = await Volume.open(name, path, { adopt: 'any' });
  const known = await KnownVolumes.load(knownVolumesFile(config.dataDir));
  await known.remember(name, path, id);
  if (json) out(JSON.stringify({ name, path, id }, undefined, 2));
  else out(`${path} is volume ${name} (${id})`);
  return EXIT_OK;
}

async function forget(
  config: NightjarConfig,
  disk: string | undefined,
  json: boolean,
  { out }: Output,
): Promise<number> {
  // Loaded when asked for: no other verb needs the catalog.
  const { forgetDisk, lostDisks } = await import('../volume/forget-volume.js');
  if (disk !== undefined) {
    const segments = await forgetDisk(config, disk);
    if (json) out(JSON.stringify({ disk, segments }, undefined, 2));
    else out(`${segments} segments on ${disk} are noted as gone`);
    return EXIT_OK;
  }
  const disks = await lostDisks(config);
  if (json) out(JSON.stringify({ disks }, undefined, 2));
  else
    printTable(out, [
      ['DISK', 'WAS', 'FOOTAGE', 'PATH'],
      ...disks.map(({ id, name, footageBytes, path }) => [id, name, gigabytes(footageBytes), path]),
    ]);
  return EXIT_OK;
}

function volumeOf({ volumes }: NightjarConfig, name: string): NightjarConfig['volumes'][string] {
  const volume = volumes[name];
  if (volume !== undefined) return volume;
  const message = `no volume ${name}; there are ${Object.keys(volumes).join(', ')}`;
  throw new NightjarError('not-found', 'cli/unknown-volume', message);
}

function isUsable({ health }: VolumeReport): boolean {
  return health === 'healthy';
}

function gigabytes(bytes: number | null): string {
  return bytes === null ? '-' : `${(bytes / 1e9).toFixed(1)} GB`;
}

function printTable(out: (line: string) => void, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of rows)
    out(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
