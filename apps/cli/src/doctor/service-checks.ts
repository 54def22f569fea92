import { requireCatalog } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { databaseUrl } from '../database-url.js';
import { cameraTarget, probeStream } from '../probe/index.js';
import type { Finding } from './finding.js';

/** Cameras that are asked at the same time. */
const AT_ONCE = 4;
const PICTURE_MS = 15_000;

/** Whether the database answers, with a catalog of this version; the embedded one does while Nightjar runs. */
export async function checkDatabase(config: NightjarConfig, running: boolean): Promise<Finding> {
  const subject = 'database';
  if (config.database.url === undefined && !running)
    return { subject, state: 'ok', detail: 'the embedded one starts with Nightjar' };
  try {
    await requireCatalog(await databaseUrl(config));
    return { subject, state: 'ok', detail: 'answers, with a catalog of this version' };
  } catch (error) {
    const detail = messageOf(error);
    const code = error instanceof NightjarError ? error.code : undefined;
    if (code === 'catalog/none')
      return { subject, state: 'ok', detail: 'answers; Nightjar makes its catalog at the start' };
    if (code === 'catalog/older-schema' || code === 'catalog/newer-schema') {
      const state = code === 'catalog/older-schema' ? 'warning' : 'problem';
      return { subject, state, detail, remedy: 'docs/guide/upgrading.md' };
    }
    const remedy = 'start it, or correct database.url; recording goes on without it';
    return { subject, state: 'problem', detail, remedy };
  }
}

/** What to do about a stream, by why it is offline. */
const REMEDIES: Readonly<Record<string, string>> = {
  refused: 'is RTSP switched on at the camera, and the port of the URL right?',
  unreachable: 'is the camera switched on and in this network, and the address of the URL right?',
  timeout: 'is the camera switched on and in this network, and the address of the URL right?',
  unauthorized: 'correct the credentials of the camera; some lock an account for a while',
  untrusted: 'see tls of the camera in docs/ref/config.md',
  'not-found': 'correct the path of the URL: nightjar discover, or the manual of the camera',
};
const NO_PICTURE =
  'watch it with another player; a camera that sends keyframes rarely wants a shorter GOP';

/** A picture of every stream that is pulled. */
export async function checkCameras(config: NightjarConfig): Promise<Finding[]> {
  const targets = Object.values(config.cameras).flatMap(({ name, streams }) =>
    Object.entries(streams).flatMap(([stream, { source }]) =>
      source === 'pull' ? [`${name}/${stream}`] : [],
    ),
  );
  const findings: Finding[] = [];
  const ask = async (): Promise<void> => {
    for (let target = targets.shift(); target !== undefined; target = targets.shift())
      findings.push(await checkStream(config, target));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return findings.toSorted((a, b) => a.subject.localeCompare(b.subject));
}

async function checkStream(config: NightjarConfig, target: string): Promise<Finding> {
  const subject = `camera ${target}`;
  try {
    const { tracks, firstPictureMs } = await probeStream(cameraTarget(config, target), PICTURE_MS);
    const detail = `${tracks.join(', ')}; first picture after ${(firstPictureMs / 1000).toFixed(1)} s`;
    return { subject, state: 'ok', detail };
  } catch (error) {
    const reason = error instanceof NightjarError ? error.where['reason'] : undefined;
    const remedy = `${REMEDIES[String(reason)] ?? NO_PICTURE}; docs/runbooks/NightjarCameraDown.md`;
    return { subject, state: 'problem', detail: messageOf(error), remedy };
  }
}
