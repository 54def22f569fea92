import { randomBytes, randomInt } from 'node:crypto';
import type { WallTimeMs } from '@nightjar/common';
import type { SrtpMasterKey } from '@nightjar/rtp';
import { KEY_TEK, PAYLOAD, VALIDITY_NONE, VALIDITY_SPI, type MikeyMessage } from './message.js';
import { SUITE } from './suite.js';

const RAND_BYTES = 16;
const SESSION_BYTES = 9;
const HEADER_BYTES = 10;
/** From 1900 to 1970, RFC 5905 s.6. */
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** A message with a bundle number of its own. */
export function createMikey(
  key: SrtpMasterKey,
  sessions: readonly { readonly ssrc: number; readonly roc: number }[],
): MikeyMessage {
  return {
    csbId: randomInt(2 ** 32),
    sessions: sessions.map(({ ssrc, roc }) => ({ policy: 0, ssrc, roc })),
    key,
  };
}

/**
 * Writes a message byte for byte as live555 does, which is also the form that ONVIF describes: header, time, random
 * bytes, policy, key. The time is looked at by receivers, which refuse what is old.
 */
export function encodeMikey(message: MikeyMessage, now: WallTimeMs): Buffer {
  return Buffer.concat([
    header(message),
    timestamp(now),
    Buffer.from([PAYLOAD.policy, RAND_BYTES]),
    randomBytes(RAND_BYTES),
    policy(),
    kemac(message.key),
  ]);
}

function header({ csbId, sessions }: MikeyMessage): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + SESSION_BYTES * sessions.length);
  bytes.set([1, 0, PAYLOAD.timestamp, 0]);
  bytes.writeUInt32BE(csbId, 4);
  bytes[8] = sessions.length;
  for (const [i, { policy: number, ssrc, roc }] of sessions.entries()) {
    const at = HEADER_BYTES + SESSION_BYTES * i;
    bytes[at] = number;
    bytes.writeUInt32BE(ssrc, at + 1);
    bytes.writeUInt32BE(roc, at + 5);
  }
  return bytes;
}

function timestamp(now: WallTimeMs): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = PAYLOAD.rand;
  const seconds = now / 1000 + NTP_EPOCH_SECONDS;
  bytes.writeUInt32BE(Math.floor(seconds) % 2 ** 32, 2);
  bytes.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 6);
  return bytes;
}

function policy(): Buffer {
  const parameters = SUITE.flatMap(([type, value]) => [type, 1, value]);
  return Buffer.from([PAYLOAD.kemac, 0, 0, 0, parameters.length, ...parameters]);
}

function kemac({ key, salt, mki }: SrtpMasterKey): Buffer {
  const validity = mki.length === 0 ? VALIDITY_NONE : VALIDITY_SPI;
  const data = Buffer.concat([
    Buffer.from([PAYLOAD.last, (KEY_TEK << 4) | validity, 0, key.length + salt.length]),
    key,
    salt,
    ...(mki.length === 0 ? [] : [Buffer.from([mki.length]), mki]),
  ]);
  const head = Buffer.from([PAYLOAD.last, 0, 0, 0]);
  head.writeUInt16BE(data.length, 2);
  return Buffer.concat([head, data, Buffer.from([0])]);
}
