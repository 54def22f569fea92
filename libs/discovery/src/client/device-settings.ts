import { NightjarError } from '@nightjar/common';
import {
  copyOf,
  NAMESPACES,
  printEnvelope,
  withAttributes,
  xml,
  type XmlElement,
  type XmlNode,
} from '@nightjar/onvif';
import { isIP } from 'node:net';
import { cleanText } from '../untrusted.js';
import type { DeviceConnection } from './device-connection.js';
import type { ClockSettings, EncoderChange } from './onvif-client.js';
import type { Services } from './read-services.js';

const MAX_SERVERS = 8;

/** Reads the clock's settings. ONVIF Device s.8.3.4, s.8.2.8. */
export async function readClockSettings(connection: DeviceConnection): Promise<ClockSettings> {
  const { body: date } = await ask(connection, 'tds', xml('tds:GetSystemDateAndTime'));
  const { body: ntp } = await ask(connection, 'tds', xml('tds:GetNTP'));
  const information = ntp.child('NTPInformation');
  const fromDhcp = information?.textAt('FromDHCP') === 'true';
  const servers = information?.childrenNamed(fromDhcp ? 'NTPFromDHCP' : 'NTPManual') ?? [];
  return {
    ntp: servers.slice(0, MAX_SERVERS).flatMap((server) => {
      const host = ['DNSname', 'IPv4Address', 'IPv6Address'].map((name) => server.textAt(name));
      return cleanText(host.find((one) => one !== undefined && one !== '')) ?? [];
    }),
    source: cleanText(date.textAt('SystemDateAndTime', 'DateTimeType'), 16),
    timeZone: cleanText(date.textAt('SystemDateAndTime', 'TimeZone', 'TZ'), 128),
    daylightSavings: date.textAt('SystemDateAndTime', 'DaylightSavings') === 'true',
  };
}

/**
 * Sets time servers and time zone. A clock that follows no server is set to `wallMs` with the zone: ONVIF wants both at once.
 * ONVIF Device s.8.3.5, s.8.2.9.
 */
export async function writeClockSettings(
  connection: DeviceConnection,
  { ntp, timeZone }: Partial<ClockSettings>,
  before: ClockSettings,
  wallMs: number,
): Promise<void> {
  if (ntp !== undefined)
    await ask(
      connection,
      'tds',
      xml('tds:SetNTP', xml('tds:FromDHCP', false), ntp.map(networkHost)),
    );
  const byNtp = ntp !== undefined || before.source === 'NTP';
  const zone = timeZone ?? before.timeZone;
  const now = new Date(wallMs);
  await ask(
    connection,
    'tds',
    xml(
      'tds:SetSystemDateAndTime',
      xml('tds:DateTimeType', byNtp ? 'NTP' : 'Manual'),
      xml('tds:DaylightSavings', zone?.includes(',') ?? before.daylightSavings),
      zone === undefined ? undefined : xml('tds:TimeZone', xml('tt:TZ', zone)),
      byNtp
        ? undefined
        : xml(
            'tds:UTCDateTime',
            xml(
              'tt:Time',
              xml('tt:Hour', now.getUTCHours()),
              xml('tt:Minute', now.getUTCMinutes()),
              xml('tt:Second', now.getUTCSeconds()),
            ),
            xml(
              'tt:Date',
              xml('tt:Year', now.getUTCFullYear()),
              xml('tt:Month', now.getUTCMonth() + 1),
              xml('tt:Day', now.getUTCDate()),
            ),
          ),
    ),
  );
}

function networkHost(server: string): XmlNode {
  const family = isIP(server);
  const [type, name] = (
    [
      ['DNS', 'tt:DNSname'],
      ['IPv4', 'tt:IPv4Address'],
      ['IPv6', 'tt:IPv6Address'],
    ] as const
  )[family === 4 ? 1 : family === 6 ? 2 : 0];
  return xml('tds:NTPManual', xml('tt:Type', type), xml(name, server));
}

/**
 * Changes a video encoder, by Media2 if the device reads its encoders there, else by Media: its configuration is read and
 * goes back as it came but for what changes. ONVIF Media2 s.5.2.7, Media s.5.5.
 * @param encoder token of the configuration
 */
export async function writeEncoder(
  connection: DeviceConnection,
  services: Services,
  encoder: string,
  change: EncoderChange,
): Promise<void> {
  for (const version of VERSIONS) {
    const url = services.get(version.service);
    if (url === undefined) continue;
    const before = await readConfiguration(connection, url, version, encoder);
    if (before === undefined) continue;
    const { prefix } = version;
    const set = xml(
      `${prefix}:SetVideoEncoderConfiguration`,
      { ...editEncoder(before, change, prefix === 'tr2'), tag: `${prefix}:Configuration` },
      prefix === 'trt' ? xml('trt:ForcePersistence', true) : undefined,
    );
    await ask(connection, prefix, set, url);
    return;
  }
  throw new NightjarError(
    'protocol',
    'discovery/unsupported',
    'the device does not tell how its encoder is set',
  );
}

const VERSIONS = [
  { service: 'media2', prefix: 'tr2' },
  { service: 'media', prefix: 'trt' },
] as const;

/** Undefined when the device does not tell it by this version. */
async function readConfiguration(
  connection: DeviceConnection,
  url: string,
  { prefix }: (typeof VERSIONS)[number],
  encoder: string,
): Promise<XmlElement | undefined> {
  const operation =
    prefix === 'tr2' ? 'GetVideoEncoderConfigurations' : 'GetVideoEncoderConfiguration';
  const request = xml(`${prefix}:${operation}`, xml(`${prefix}:ConfigurationToken`, encoder));
  try {
    const { body } = await ask(connection, prefix, request, url);
    return body.children.find(({ attributes }) => attributes.get('token') === encoder);
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'protocol') return undefined;
    throw error;
  }
}

/**
 * A configuration of an encoder, with other values.
 * @throws NightjarError `protocol` for a value that has no place in it
 */
export function editEncoder(before: XmlElement, change: EncoderChange, media2: boolean): XmlNode {
  const { codec, width, height, framesPerSecond, bitrateKbps, gopFrames } = change;
  let node = copyOf(before);
  const set = (value: string | number | undefined, ...path: string[]): void => {
    if (value !== undefined) node = withText(node, path, String(value));
  };
  if (!media2 && codec !== undefined && codec !== 'H264')
    throw new NightjarError('protocol', 'discovery/unsupported', `Media knows no ${codec}`);
  set(codec, 'Encoding');
  set(width, 'Resolution', 'Width');
  set(height, 'Resolution', 'Height');
  set(framesPerSecond, 'RateControl', 'FrameRateLimit');
  set(bitrateKbps, 'RateControl', 'BitrateLimit');
  if (!media2) set(gopFrames, 'H264', 'GovLength');
  else if (gopFrames !== undefined) node = withAttributes(node, { GovLength: gopFrames });
  if (codec === undefined) return node;
  // Profiles of one codec are none of another; without one the device chooses.
  const { Profile: _profile, ...attributes } = node.attributes;
  return { ...node, attributes };
}

function withText(node: XmlNode, [name = '', ...rest]: readonly string[], text: string): XmlNode {
  const index = node.children.findIndex(
    (child) => typeof child !== 'string' && child.tag.endsWith(`:${name}`),
  );
  const child = node.children[index];
  if (child === undefined || typeof child === 'string')
    throw new NightjarError(
      'protocol',
      'discovery/unsupported',
      `the device has no ${name} in the settings of its encoder`,
    );
  const changed: XmlNode =
    rest.length === 0 ? { ...child, children: [text] } : withText(child, rest, text);
  return { ...node, children: node.children.with(index, changed) };
}

async function ask(
  connection: DeviceConnection,
  prefix: 'tds' | 'tr2' | 'trt',
  request: XmlNode,
  url?: string,
): Promise<{ readonly body: XmlElement }> {
  const operation = request.tag.slice(prefix.length + 1);
  return await connection.ask({
    url,
    action: `${NAMESPACES[prefix]}/${operation}`,
    envelope: printEnvelope(request),
  });
}
