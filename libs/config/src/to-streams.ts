import { parseCameraUrl } from './camera-url.js';
import { mapRecord, toLogin, type ConversionContext } from './conversion.js';
import type { CameraConfig, CameraCredentials, StreamConfig } from './model.js';
import type { CameraEntry } from './schema.js';

/** What a bare URL is short for. */
const BARE = { transport: 'auto', credentials: undefined } as const;

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
    if (typeof entry !== 'string' && entry.source === 'publish')
      return { source: 'publish', secondPublisher: entry.secondPublisher };
    const {
      url = '',
      transport,
      credentials,
    } = typeof entry === 'string' ? { ...BARE, url: entry } : entry;
    const here = [...at, 'streams', name];
    const where = typeof entry === 'string' ? here : [...here, 'url'];
    const login = (await toLogin(credentials, [...here, 'credentials'], context)) ?? declared;
    const parsed = parseCameraUrl(url);
    // A URL that is missing is reported by the checks of the file.
    if (!parsed.ok && url !== '') report(where, parsed.reason);
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
      source: 'pull',
      url: parsed.ok ? parsed.url : url,
      transport,
      credentials: login ?? inUrl,
    };
  });
  const shared = declared ?? first;
  const streams = await mapRecord(own, (stream) =>
    stream.source === 'pull' ? { ...stream, credentials: stream.credentials ?? shared } : stream,
  );
  return { streams, credentials: shared };
}
