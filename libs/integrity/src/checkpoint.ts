import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { StoredCheckpoint, StreamDay } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { z } from '@nightjar/jobs';

const TYPE = 'nightjar-checkpoint';
const VERSION = 1;
/** Characters of a key's hash that name it. */
const KEY_ID_LENGTH = 16;

const payloadSchema = z.object({
  type: z.literal(TYPE),
  version: z.literal(VERSION),
  day: z.iso.date(),
  createdAt: z.iso.datetime(),
  software: z.string(),
  previous: z.string().nullable(),
  streams: z.array(
    z.object({
      camera: z.string(),
      stream: z.string(),
      segments: z.int(),
      bytes: z.number(),
      startMs: z.number(),
      endMs: z.number(),
      lastHash: z.string(),
      digest: z.string(),
    }),
  ),
});

/**
 * What is signed once a day: the state of the archive as it was recorded. `day` is UTC; `previous` the SHA-256 of the payload
 * of the checkpoint before it, null for the first.
 */
export type CheckpointPayload = z.output<typeof payloadSchema>;

/** What an exported checkpoint was found to be. */
export interface CheckpointVerdict {
  readonly day: string;
  readonly keyId: string;
  /** Empty: all is as it was signed. */
  readonly problems: readonly string[];
}

/** First digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, KEY_ID_LENGTH);
}

/** Makes and signs (Ed25519, RFC 8032) the checkpoint of a day. @param key PKCS #8, PEM */
export function signCheckpoint(
  facts: Omit<CheckpointPayload, 'type' | 'version'>,
  key: string,
): StoredCheckpoint {
  const privateKey = createPrivateKey(key);
  const whole: CheckpointPayload = { type: TYPE, version: VERSION, ...facts };
  const payload = JSON.stringify(whole);
  return {
    day: facts.day,
    payload,
    signature: sign(null, Buffer.from(payload), privateKey).toString('base64'),
    keyId: keyIdOf(createPublicKey(privateKey)),
  };
}

/** SHA-256 of a payload, as the next checkpoint names it. */
export function payloadHash(payload: string): string {
  return createHash('sha256').update(payload).digest('hex');
}

/** @throws NightjarError `integrity/checkpoint` when the text is no payload of a checkpoint */
export function parsePayload(text: string): CheckpointPayload {
  try {
    return payloadSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new NightjarError(
      'data-loss',
      'integrity/checkpoint',
      'not a checkpoint of a known version',
      {},
      error,
    );
  }
}

/**
 * Checks signatures, and that each checkpoint names the one before it.
 * @param checkpoints in order of their days
 * @param publicKey SubjectPublicKeyInfo, PEM
 */
export function verifyCheckpoints(
  checkpoints: readonly StoredCheckpoint[],
  publicKey: string,
): CheckpointVerdict[] {
  const key = createPublicKey(publicKey);
  const keyId = keyIdOf(key);
  let before: StoredCheckpoint | undefined;
  return checkpoints.map((checkpoint) => {
    const problems: string[] = [];
    const signature = Buffer.from(checkpoint.signature, 'base64');
    if (checkpoint.keyId !== keyId)
      problems.push(`signed by key ${checkpoint.keyId}, not ${keyId}`);
    else if (!verify(null, Buffer.from(checkpoint.payload), key, signature))
      problems.push('the signature does not fit: it was changed after it was signed');
    try {
      const { day, previous } = parsePayload(checkpoint.payload);
      if (day !== checkpoint.day)
        problems.push(`it is filed under ${checkpoint.day} but says ${day}`);
      if (before !== undefined && previous !== payloadHash(before.payload))
        problems.push(
          `it does not follow the checkpoint of ${before.day}: one in between is missing or was changed`,
        );
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      problems.push(error.message);
    }
    before = checkpoint;
    return { day: checkpoint.day, keyId: checkpoint.keyId, problems };
  });
}

/** Where the archive is no longer what a checkpoint signed; one line per difference. @param now the same day, as it is */
export function compareDay(signed: readonly StreamDay[], now: readonly StreamDay[]): string[] {
  const present = new Map(now.map((day) => [`${day.camera}/${day.stream}`, day]));
  return signed.flatMap((day) => {
    const name = `${day.camera}/${day.stream}`;
    const found = present.get(name);
    if (found === undefined)
      return [`${name}: ${day.segments} segments were signed, none is known now`];
    if (found.digest === day.digest) return [];
    return [
      found.segments === day.segments
        ? `${name}: ${day.segments} segments, but not the ones that were signed`
        : `${name}: ${day.segments} segments were signed, ${found.segments} are known now`,
    ];
  });
}
