import { NightjarError } from '@nightjar/common';
import { RTSP_1_0, RTSP_2_0, type RtspVersion } from '../messages/message.js';

const PROTOCOL = /^RTP\/(AVPF?|SAVPF?)(?:\/(UDP|TCP))?$/i;
const PROFILES = ['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF'] as const;
const PAIR = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/;
const SSRC = /^[0-9a-f]{1,8}(?=$|\s*\/)/i;
const HOST_PORT = /^"?(\[[0-9a-f:.%a-z]{1,64}\]|[^[\]":/\s]{0,255}):(\d{1,5})"?$/i;
const MAX_ADDRESSES = 2;
const TTL = /^\d{1,3}$/;
const MAX_CHANNEL = 255;
const MAX_PORT = 65535;
const MAX_TTL = 255;
const UNSUPPORTED_TRANSPORT = 461;

/** RTP and RTCP. */
export type NumberPair = [rtp: number, rtcp: number];

/** An address of RTSP 2.0. */
export interface HostPort {
  /** As sent, IPv6 without brackets; empty: the other end of the RTSP connection. */
  readonly host: string;
  readonly port: number;
}

/** One alternative of a Transport header. RFC 2326 s.12.39, RFC 7826 s.18.54. */
export interface TransportSpec {
  profile: (typeof PROFILES)[number];
  lower: 'UDP' | 'TCP';
  unicast: boolean;
  /** Channels, 0-255. */
  interleaved?: NumberPair;
  clientPort?: NumberPair;
  serverPort?: NumberPair;
  /** 32-bit. */
  ssrc?: number;
  /** Host as sent; never a reason to send anything there. */
  source?: string;
  /** Host as sent; never a reason to send anything there. */
  destination?: string;
  /** Multicast ports. */
  port?: NumberPair;
  ttl?: number;
  mode?: 'PLAY' | 'RECORD';
  /** RTSP 2.0: where media go, RTP and then RTCP; without the second, and without `rtcpMux`, there is no RTCP. */
  destAddr?: readonly HostPort[];
  /** RTSP 2.0: where media come from. */
  srcAddr?: readonly HostPort[];
  /** RTSP 2.0: RTP and RTCP share one port (RFC 5761). */
  rtcpMux?: true;
}

/**
 * The alternatives in order of preference; those that cannot be understood are skipped. Parameters
 * stand in any order, also before the protocol (field: cameras that put `ssrc` first). RTSP 2.0 wants to be told whether
 * it is unicast, and an alternative with an unknown parameter skipped (RFC 7826 s.18.54); ports in the spelling of 1.0
 * are taken in both (field: GStreamer 1.22 sends `client_port` in RTSP/2.0).
 * @throws NightjarError `protocol` with `where.status` 461 if none is left.
 */
export function parseTransport(value: string, version: RtspVersion = RTSP_1_0): TransportSpec[] {
  const strict = version === RTSP_2_0;
  const specs = value
    .split(',')
    .flatMap((alternative) => parseAlternative(alternative, strict) ?? []);
  if (specs.length === 0) {
    throw new NightjarError('protocol', 'rtsp/transport', 'no transport that is understood', {
      status: UNSUPPORTED_TRANSPORT,
    });
  }
  return specs;
}

function parseAlternative(text: string, strict: boolean): TransportSpec | undefined {
  let protocol: RegExpExecArray | null = null;
  const spec: Omit<TransportSpec, 'profile' | 'lower' | 'unicast'> = {};
  let cast: 'unicast' | 'multicast' | undefined;
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const key = name.toLowerCase();
    if (equals < 0 && (key === 'unicast' || key === 'multicast')) cast = key;
    else if (equals < 0 && key === 'rtcp-mux') spec.rtcpMux = true;
    else if (equals < 0) {
      protocol ??= PROTOCOL.exec(name);
      if (strict && !PROTOCOL.test(name) && !IGNORED.has(key)) return undefined;
    } else {
      const outcome = readParameter(spec, key, part.slice(equals + 1).trim());
      if (outcome === 'wrong' || (strict && outcome === 'unknown')) return undefined;
    }
  }
  const profile = PROFILES.find((one) => one === `RTP/${protocol?.[1]?.toUpperCase()}`);
  if (protocol === null || profile === undefined || (strict && cast === undefined))
    return undefined;
  return {
    profile,
    lower: lowerOf(protocol[2], spec.interleaved !== undefined),
    unicast: cast === undefined ? impliesUnicast(spec) : cast === 'unicast',
    ...spec,
  };
}

// field: Escam answers `RTP/AVP;unicast;interleaved=0-1`, without /TCP.
function lowerOf(written: string | undefined, interleaved: boolean): 'UDP' | 'TCP' {
  if (written === undefined) return interleaved ? 'TCP' : 'UDP';
  return written.toUpperCase() === 'TCP' ? 'TCP' : 'UDP';
}

/** The default is multicast by the letter of RFC 2326; nobody who names ports or channels means that. */
function impliesUnicast(spec: Partial<TransportSpec>): boolean {
  return [spec.clientPort, spec.serverPort, spec.interleaved].some((pair) => pair !== undefined);
}

/** Parameters that change nothing for us. */
const IGNORED: ReadonlySet<string> = new Set(['append', 'layers', '']);

/** `wrong` makes the whole alternative unusable. */
type Reading = 'read' | 'wrong' | 'unknown';

function readParameter(spec: Partial<TransportSpec>, key: string, quoted: string): Reading {
  const value = unquote(quoted);
  switch (key) {
    case 'interleaved':
      return readPair(spec, 'interleaved', value, MAX_CHANNEL);
    case 'client_port':
      return readPair(spec, 'clientPort', value, MAX_PORT);
    case 'server_port':
      return readPair(spec, 'serverPort', value, MAX_PORT);
    case 'port':
      return readPair(spec, 'port', value, MAX_PORT);
    case 'dest_addr':
      return readAddresses(spec, 'destAddr', quoted);
    case 'src_addr':
      return readAddresses(spec, 'srcAddr', quoted);
    case 'ttl':
      if (!TTL.test(value) || Number(value) > MAX_TTL) return 'wrong';
      spec.ttl = Number(value);
      return 'read';
    // A wrong SSRC does no harm: the packets tell (field: Hikvision, 7 digits behind a space).
    case 'ssrc': {
      const [ssrc] = SSRC.exec(value) ?? [];
      if (ssrc !== undefined) spec.ssrc = Number.parseInt(ssrc, 16);
      return 'read';
    }
    case 'source':
    case 'destination':
      if (value !== '') spec[key] = value;
      return 'read';
    case 'mode':
      readMode(spec, value.toUpperCase());
      return 'read';
    default:
      return IGNORED.has(key) ? 'read' : 'unknown';
  }
}

function readPair(
  spec: Partial<TransportSpec>,
  key: 'interleaved' | 'clientPort' | 'serverPort' | 'port',
  value: string,
  max: number,
): Reading {
  const match = PAIR.exec(value);
  if (match === null) return 'wrong';
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  if (first > max || second > max) return 'wrong';
  spec[key] = [first, second];
  return 'read';
}

/** `"host:port"/"host:port"`. */
function readAddresses(
  spec: Partial<TransportSpec>,
  key: 'destAddr' | 'srcAddr',
  value: string,
): Reading {
  const addresses: HostPort[] = [];
  for (const text of value.split('/')) {
    const [, host, port] = HOST_PORT.exec(text.trim()) ?? [];
    if (host === undefined || Number(port) > MAX_PORT) return 'wrong';
    addresses.push({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  }
  if (addresses.length > MAX_ADDRESSES) return 'wrong';
  spec[key] = addresses;
  return 'read';
}

function readMode(spec: Partial<TransportSpec>, mode: string): void {
  if (mode === 'PLAY') spec.mode = 'PLAY';
  // field: live555 publishes with mode=receive.
  else if (mode === 'RECORD' || mode === 'RECEIVE') spec.mode = 'RECORD';
}

function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1).trim() : value;
}

/** One alternative in the spelling that most peers understand (`RTP/AVP` for UDP). */
export function printTransport(spec: TransportSpec): string {
  const parts: string[] = [spec.lower === 'TCP' ? `${spec.profile}/TCP` : spec.profile];
  parts.push(spec.unicast ? 'unicast' : 'multicast');
  if (spec.destination !== undefined) parts.push(`destination=${spec.destination}`);
  if (spec.source !== undefined) parts.push(`source=${spec.source}`);
  if (spec.interleaved !== undefined) parts.push(`interleaved=${spec.interleaved.join('-')}`);
  if (spec.clientPort !== undefined) parts.push(`client_port=${spec.clientPort.join('-')}`);
  if (spec.serverPort !== undefined) parts.push(`server_port=${spec.serverPort.join('-')}`);
  if (spec.port !== undefined) parts.push(`port=${spec.port.join('-')}`);
  if (spec.destAddr !== undefined) parts.push(`dest_addr=${printAddresses(spec.destAddr)}`);
  if (spec.srcAddr !== undefined) parts.push(`src_addr=${printAddresses(spec.srcAddr)}`);
  if (spec.rtcpMux === true) parts.push('RTCP-mux');
  if (spec.ttl !== undefined) parts.push(`ttl=${spec.ttl}`);
  if (spec.ssrc !== undefined) {
    parts.push(`ssrc=${spec.ssrc.toString(16).toUpperCase().padStart(8, '0')}`);
  }
  if (spec.mode !== undefined) parts.push(`mode="${spec.mode}"`);
  return parts.join(';');
}

function printAddresses(addresses: readonly HostPort[]): string {
  return addresses
    .map(({ host, port }) => `"${host.includes(':') ? `[${host}]` : host}:${port}"`)
    .join('/');
}
