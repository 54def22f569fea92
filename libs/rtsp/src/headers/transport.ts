import { NightjarError } from '@nightjar/common';

const PROTOCOL = /^RTP\/(AVPF?|SAVPF?)(?:\/(UDP|TCP))?$/i;
const PROFILES = ['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF'] as const;
const PAIR = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/;
const SSRC = /^[0-9a-f]{1,8}$/i;
const TTL = /^\d{1,3}$/;
const MAX_CHANNEL = 255;
const MAX_PORT = 65535;
const MAX_TTL = 255;
const UNSUPPORTED_TRANSPORT = 461;

/** RTP and RTCP. */
export type NumberPair = [rtp: number, rtcp: number];

/** One alternative of a Transport header. RFC 2326 s.12.39. */
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
}

/**
 * The alternatives in order of preference; those that cannot be understood are skipped. Parameters
 * stand in any order, also before the protocol (field: cameras that put `ssrc` first).
 * @throws NightjarError `protocol` with `where.status` 461 if none is left.
 */
export function parseTransport(value: string): TransportSpec[] {
  const specs = value.split(',').flatMap((alternative) => parseAlternative(alternative) ?? []);
  if (specs.length === 0) {
    throw new NightjarError('protocol', 'rtsp/transport', 'no transport that is understood', {
      status: UNSUPPORTED_TRANSPORT,
    });
  }
  return specs;
}

function parseAlternative(text: string): TransportSpec | undefined {
  let protocol: RegExpExecArray | null = null;
  const spec: Omit<TransportSpec, 'profile' | 'lower' | 'unicast'> = {};
  let cast: 'unicast' | 'multicast' | undefined;
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const key = name.toLowerCase();
    if (equals < 0 && (key === 'unicast' || key === 'multicast')) cast = key;
    else if (equals < 0) protocol ??= PROTOCOL.exec(name);
    else if (!readParameter(spec, key, unquote(part.slice(equals + 1).trim()))) return undefined;
  }
  const profile = PROFILES.find((one) => one === `RTP/${protocol?.[1]?.toUpperCase()}`);
  if (protocol === null || profile === undefined) return undefined;
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
  return (
    spec.clientPort !== undefined || spec.serverPort !== undefined || spec.interleaved !== undefined
  );
}

/** False when the parameter makes the whole alternative unusable. */
function readParameter(spec: Partial<TransportSpec>, key: string, value: string): boolean {
  switch (key) {
    case 'interleaved':
      return readPair(spec, 'interleaved', value, MAX_CHANNEL);
    case 'client_port':
      return readPair(spec, 'clientPort', value, MAX_PORT);
    case 'server_port':
      return readPair(spec, 'serverPort', value, MAX_PORT);
    case 'port':
      return readPair(spec, 'port', value, MAX_PORT);
    case 'ttl':
      if (!TTL.test(value) || Number(value) > MAX_TTL) return false;
      spec.ttl = Number(value);
      return true;
    // A wrong SSRC does no harm: the packets tell (field: Hikvision, 7 digits behind a space).
    case 'ssrc':
      if (SSRC.test(value)) spec.ssrc = Number.parseInt(value, 16);
      return true;
    case 'source':
    case 'destination':
      if (value !== '') spec[key] = value;
      return true;
    case 'mode':
      readMode(spec, value.toUpperCase());
      return true;
    default:
      return true;
  }
}

function readPair(
  spec: Partial<TransportSpec>,
  key: 'interleaved' | 'clientPort' | 'serverPort' | 'port',
  value: string,
  max: number,
): boolean {
  const match = PAIR.exec(value);
  if (match === null) return false;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  if (first > max || second > max) return false;
  spec[key] = [first, second];
  return true;
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
  if (spec.ttl !== undefined) parts.push(`ttl=${spec.ttl}`);
  if (spec.ssrc !== undefined) {
    parts.push(`ssrc=${spec.ssrc.toString(16).toUpperCase().padStart(8, '0')}`);
  }
  if (spec.mode !== undefined) parts.push(`mode="${spec.mode}"`);
  return parts.join(';');
}
