import { TOKEN_PARAMETER, type SignedAction } from './signed-url.js';

/** What a signed URL is to show. Times are Unix epoch in milliseconds; without them playback is of the whole archive. */
export interface SignedFootage {
  readonly action: SignedAction;
  readonly camera: string;
  readonly stream?: string | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** The same footage for different players. */
export interface SignedUrls {
  readonly rtsp: string;
  /** An MP4; of a range with both ends only. */
  readonly clip?: string;
  /** HLS; of a range with both ends only. */
  readonly playlist?: string;
}

/** @param hosts `host:port` under which clients reach the RTSP server and the API */
export function signedUrls(
  { action, camera, stream, startMs, endMs }: SignedFootage,
  token: string,
  hosts: { readonly rtsp: string; readonly http?: string | undefined },
): SignedUrls {
  const place = stream === undefined ? camera : `${camera}/${stream}`;
  const range = {
    ...(startMs === undefined ? {} : { start: new Date(startMs).toISOString() }),
    ...(endMs === undefined ? {} : { end: new Date(endMs).toISOString() }),
  };
  const proof = { [TOKEN_PARAMETER]: token };
  if (action === 'view') return { rtsp: `rtsp://${hosts.rtsp}/${place}?${query(proof)}` };
  const rtsp = `rtsp://${hosts.rtsp}/playback/${place}?${query({ ...range, ...proof })}`;
  if (hosts.http === undefined || startMs === undefined || endMs === undefined) return { rtsp };
  const base = `http://${hosts.http}/api/v1/cameras/${camera}`;
  const asked = query({ ...range, ...(stream === undefined ? {} : { stream }), ...proof });
  return { rtsp, clip: `${base}/clip.mp4?${asked}`, playlist: `${base}/playlist.m3u8?${asked}` };
}

/** Nothing in it needs to be percent-encoded. */
function query(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
