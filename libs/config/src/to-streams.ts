import { parseCameraUrl } from './camera-url.js';
import { mapRecord, toLogin, type ConversionContext } from './conversion.js';
import type { CameraConfig, CameraCredentials, StreamConfig } from './model.js';
import type { CameraEntry } from './schema.js';

/** Logins in URLs count where none is declared: each for its stream, the first also for streams without. */
export async function toStreams(
  entries: CameraEntry['streams'],
  declared: CameraCredentials | undefined,
  at: string[],
  context: ConversionContext,
): Promise<Pick<CameraConfig, 'streams' | 'credentials'>> {
  const { report, warn } = context;
  let first: CameraCredentials | undefined;
  const own = await mapRecord(entries, async (entry, name): Promise<StreamConfig> => {
    const written = typeof entry === 'string' ? { url: entry, transport: 'auto' as const } : entry;
    const here = [...at, 'streams', name];
    const where = typeof entry === 'string' ? here : [...here, 'url'];
    const login =
      (await toLogin(written.credentials, [...here, 'credentials'], context)) ?? declared;
    const parsed = parseCameraUrl(written.url);
    if (!parsed.ok) report(where, parsed.reason);
    const inUrl = parsed.ok ? parsed.credentials : undefined;
    if (inUrl !== undefined) {
      warn(
        where,
        login === undefined
          ? 'holds user and password in plain sight; use credentials with passwordFile or passwordEnv'
          : 'user and password in the URL are ignored: there are credentials',
      );
      first ??= login === undefined ? inUrl : undefined;
    }
    return {
      url: parsed.ok ? parsed.url : written.url,
      transport: written.transport,
      credentials: login ?? inUrl,
    };
  });
  const credentials = declared ?? first;
  const streams = await mapRecord(own, (stream) => ({
    ...stream,
    credentials: stream.credentials ?? credentials,
  }));
  return { streams, credentials };
}
