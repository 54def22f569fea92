import { NightjarError } from '@nightjar/common';
import { SrtpReceiver, isSameKey, type SrtpMasterKey } from '@nightjar/rtp';
import { KEY_MANAGEMENT_FAILURE, createMikey, type MikeyMessage } from '@nightjar/rtsp';
import type { PacketBatch } from '../../hub/packet-batch.js';
import { PrivateSeal } from './private-seal.js';
import type { Seal } from './seal.js';
import type { SealedStream } from './sealed-stream.js';

const NO_IDENTIFIER = Buffer.alloc(0);

/** A track with the SSRC that its packets carry. */
export interface KeyedTrack {
  readonly track: number;
  /** 0 where it is not known yet. */
  readonly ssrc: number;
}

/** SRTP of one RTSP session: what its packets are protected with, and how the reports of its client are read. */
export class SessionSrtp implements Seal {
  private readonly receivers = new Map<number, SrtpReceiver>();
  private readonly own = new PrivateSeal();
  private current: Seal | undefined;
  /** Whether the client takes packets with the identifier of their key. */
  private identifiers = true;
  private playing = false;
  private inGroup = false;

  constructor(private readonly stream: SealedStream) {}

  /**
   * Settles the keys of a track, by what the client told: nothing, or a key without identifier, for what it sends itself
   * (GStreamer); ours (live555 repeats it); or one that it wants both ways (ONVIF Streaming s.8.2.1.1).
   * @param inGroup others get the same packets: they are under the key of the stream
   * @throws NightjarError with status 463 when it is another way than that of the tracks before, or of the group
   */
  setUp(track: number, client: MikeyMessage | undefined, inGroup = false): void {
    const theirs = client?.key;
    const echoed = theirs !== undefined && isSameKey(theirs, this.stream.master);
    const chosen = theirs !== undefined && theirs.mki.length > 0 && !echoed;
    const identifiers = chosen || theirs === undefined || echoed;
    const isOther = chosen !== (this.current === this.own) || identifiers !== this.identifiers;
    if (this.current !== undefined && isOther)
      throw new NightjarError('invalid', 'srtp/mixed-keys', 'the keys of all tracks are one kind', {
        status: KEY_MANAGEMENT_FAILURE,
      });
    if (inGroup && chosen) throw keyOfGroup();
    this.inGroup = inGroup;
    this.identifiers = identifiers;
    if (chosen) this.own.setUp(track, theirs, this.stream.sender);
    this.current = chosen ? this.own : this.stream.seal(identifiers);
    const rocs = new Map(client?.sessions.map(({ ssrc, roc }) => [ssrc, roc]));
    this.receivers.set(track, new SrtpReceiver(theirs ?? this.stream.master, rocs));
  }

  /** What the client must know of tracks: key, SSRC and rollover counter. The key is that of the first. */
  describe(tracks: readonly KeyedTrack[]): MikeyMessage {
    const { stream } = this;
    const senders = tracks.map(({ track, ssrc }) => {
      const sender = this.own.senderOf(track) ?? stream.sender;
      return { sender, ssrc, roc: sender.rocAt(ssrc) };
    });
    const key: SrtpMasterKey = senders[0]?.sender.master ?? stream.master;
    return createMikey(this.identifiers ? key : { ...key, mki: NO_IDENTIFIER }, senders);
  }

  /**
   * The client wants another key from now on, both ways (ONVIF Streaming s.8.2.1.2). Who shared the key of the stream
   * leaves it, with all tracks; others are not disturbed.
   * @param track the only one meant; undefined for all
   * @throws NightjarError with status 463 when the key is that of a group
   */
  rekey(track: number | undefined, { key }: MikeyMessage): void {
    if (this.inGroup) throw keyOfGroup();
    this.countPlaying(false);
    const shared = this.current !== this.own;
    for (const [one, receiver] of this.receivers) {
      if (!shared && track !== undefined && track !== one) continue;
      this.own.setUp(one, key, this.stream.sender);
      receiver.rekey(key);
    }
    this.identifiers = key.mki.length > 0;
    this.current = this.own;
  }

  /** What a group sends of which this session is a member: one for each key, with its identifier or without. */
  get ofGroup(): { readonly id: string; readonly seal: Seal } {
    const { stream, identifiers } = this;
    return { id: stream.groupId(identifiers), seal: stream.seal(identifiers) };
  }

  /**
   * Decrypts one packet of the client, in place.
   * @returns its length, or 0 when it is forged, repeated or under another key
   */
  read(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): number {
    const receiver = this.receivers.get(track);
    if (receiver === undefined) return 0;
    return rtcp ? receiver.rtcp(buf, offset, length) : receiver.rtp(buf, offset, length);
  }

  countPlaying(playing: boolean): void {
    // Who has keys of its own says nothing about those of the stream.
    if (playing === this.playing || this.current === this.own) return;
    this.playing = playing;
    this.stream.count(playing ? 1 : -1);
  }

  batch(batch: PacketBatch): PacketBatch {
    return this.sealing.batch(batch);
  }

  rtp(track: number, packet: Buffer): Buffer {
    return this.sealing.rtp(track, packet);
  }

  rtcp(track: number, packet: Buffer): Buffer {
    return this.sealing.rtcp(track, packet);
  }

  private get sealing(): Seal {
    return (this.current ??= this.stream.seal(this.identifiers));
  }
}

function keyOfGroup(): NightjarError {
  return new NightjarError('invalid', 'srtp/group-key', 'a group has one key for all', {
    status: KEY_MANAGEMENT_FAILURE,
  });
}
