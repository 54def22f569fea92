import { splitZone } from '@nightjar/common';
import { parseCameraUrl } from './camera-url.js';
import { mapRecord, toLogin, type ConversionContext } from './conversion.js';
import type { CameraConfig, CameraCredentials, PulledStreamConfig, StreamConfig } from './model.js';
import type { Report } from './report.js';
import type { CameraEntry } from './schema.js';
import { quirks as noQuirks } from './schema-quirks.js';

/** What a bare URL is short for. */
const BARE = {
  transport: 'auto',
  via: undefined,
  credentials: undefined,
  backchannel: false,
  quirks: noQuirks.parse({}),
} as const;

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
      via,
      credentials,
      backchannel,
      quirks,
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
      via: viaOf({ url, transport, via }, here, report),
      backchannel,
      quirks,
      credentials: login ?? inUrl,
    };
  });
  const shared = declared ?? first;
  const streams = await mapRecord(own, (stream) =>
    stream.source === 'pull' ? { ...stream, credentials: stream.credentials ?? shared } : stream,
  );
  return { streams, credentials: shared };
}

const VIA_SCHEMES = { http: /^https?:$/, websocket: /^wss?:$/ } as const;

/** Where a tunnel goes, which must be a place of the camera itself. */
function viaOf(
  { url, transport, via }: Pick<PulledStreamConfig, 'url' | 'transport' | 'via'>,
  at: string[],
  report: Report,
): string | undefined {
  if (via === undefined) return undefined;
  const where = [...at, 'via'];
  if (transport !== 'http' && transport !== 'websocket') {
    report(where, 'goes with transport http or websocket');
    return undefined;
  }
  const [from, to] = [url, via].map(parsed);
  if (to === undefined || !VIA_SCHEMES[transport].test(to.protocol) || to.username !== '') {
    const [plain, secure] = transport === 'http' ? ['http', 'https'] : ['ws', 'wss'];
    report(where, `expected an URL that begins with ${plain}:// or ${secure}://, without a login`);
  } else if (from !== undefined && from.hostname.toLowerCase() !== to.hostname.toLowerCase()) {
    report(where, 'must name the host of the URL');
  }
  return via;
}

function parsed(text: string): URL | undefined {
  const { url } = splitZone(text);
  return URL.canParse(url) ? new URL(url) : undefined;
}
