import { keptUrlKey, signedUrls, signGrant, urlKeyFile, type SignedAction } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import { nearest, printDuration, type NightjarConfig } from '@nightjar/config';
import type { Output } from '../command.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';

export interface UrlRequest {
  readonly action: SignedAction;
  readonly camera: string;
  readonly stream: string | undefined;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly validMs: number;
  readonly address: string | undefined;
  readonly host: string;
}

/** Prints addresses that lend what whoever administers this machine may do. */
export async function signUrl(asked: Asked, request: UrlRequest, output: Output): Promise<void> {
  const config = await readConfig(asked.configFile);
  const { action, camera, validMs, address, host } = request;
  checkRequest(config, request);
  const key = await keptUrlKey(urlKeyFile(config.dataDir));
  const expiresAtMs = Math.ceil((Date.now() + validMs) / 1000) * 1000;
  const { startMs = -Infinity, endMs = Infinity } = request;
  const span = action === 'playback' ? { startMs, endMs } : undefined;
  const token = signGrant({ action, camera, span, expiresAtMs, issuer: undefined, address }, key);
  const named = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const urls = signedUrls(request, token, {
    rtsp: `${named}:${config.rtsp.port}`,
    http: `${named}:${config.http.port}`,
  });
  const expires = new Date(expiresAtMs).toISOString();
  show(asked, output, { expires, token, urls }, () => [
    ...Object.values({ ...urls }),
    `valid until ${expires}`,
  ]);
}

function checkRequest(
  { cameras, access }: NightjarConfig,
  { action, camera, stream = 'main', startMs, endMs, validMs }: UrlRequest,
): void {
  const declared = Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
  if (action === 'view' && declared === undefined) {
    const close = nearest(camera, Object.keys(cameras));
    const hint = close === undefined ? '' : `; did you mean "${close}"?`;
    throw new NightjarError('not-found', 'cli/no-camera', `there is no camera "${camera}"${hint}`);
  }
  if (action === 'view' && !Object.hasOwn(declared?.streams ?? {}, stream))
    throw new NightjarError('not-found', 'cli/no-stream', `${camera} has no stream "${stream}"`);
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs)
    throw new NightjarError('invalid', 'cli/range', '--end must be after --start');
  const { maxAgeMs } = access.signedUrls;
  if (validMs <= 0 || validMs > maxAgeMs)
    throw new NightjarError(
      'invalid',
      'cli/url-age',
      `--for must be between 1ms and ${printDuration(maxAgeMs)} (access.signedUrls.maxAge)`,
    );
}
