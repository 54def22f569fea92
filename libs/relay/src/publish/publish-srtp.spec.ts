import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WallTimeMs } from '@nightjar/common';
import {
  SrtpReceiver,
  SrtpSender,
  createMasterKey,
  decodeRtcp,
  encodeRtp,
  type SrtpMasterKey,
} from '@nightjar/rtp';
import {
  createMikey,
  encodeInterleaved,
  printKeyMgmtAttribute,
  type RtspResponse,
} from '@nightjar/rtsp';
import {
  Fixture,
  keyMgmt,
  keysOf,
  SAVP_TCP,
  URL,
} from '../rtsp-server/srtp/testing/srtp-fixture.js';
import type { TestClient } from '../rtsp-server/testing/test-client.js';
import { Publication } from './publication.js';
import { PublishMount } from './publish-mount.js';

const INACTIVITY_MS = 5_000;
const SSRC = 7;
const rtp = (sequence: number): Buffer =>
  encodeRtp(
    { payloadType: 0, sequence, timestamp: 0, ssrc: SSRC, marker: true },
    Buffer.alloc(20, sequence),
  );

/** Without an identifier, as publishers choose them. */
const bareKey = (): SrtpMasterKey => ({ ...createMasterKey(), mki: Buffer.alloc(0) });

const attribute = (key: SrtpMasterKey): string =>
  `a=key-mgmt:${printKeyMgmtAttribute(createMikey(key, [{ ssrc: SSRC, roc: 0 }]), Date.now() as WallTimeMs)}\r\n`;

/** Of two tracks. */
const sdp = (ofAll: string, ...ofTracks: string[]): string =>
  `v=0\r\ns=x\r\n${ofAll}` +
  [0, 1]
    .map((track) => `m=audio 0 RTP/SAVP 0\r\na=control:t=${track}\r\n${ofTracks[track] ?? ''}`)
    .join('');

describe('publishing by SRTP', () => {
  let fixture: Fixture;
  let client: TestClient;
  let publication: Publication;
  let arrived: [track: number, packet: Buffer][];
  let awaited: () => void;

  beforeEach(async () => {
    arrived = [];
    awaited = () => undefined;
    fixture = new Fixture(true, undefined, () =>
      Promise.resolve({
        announce: (tracks, address) => new PublishMount(publication, tracks, address, 'drone'),
      }),
    );
    const nothing = (): void => undefined;
    publication = new Publication({
      clock: fixture.clock,
      inactivityMs: INACTIVITY_MS,
      secondPublisher: 'refuse',
      log: { debug: nothing, info: nothing, warn: nothing },
    });
    publication.feeding({
      online: nothing,
      offline: nothing,
      senderReport: nothing,
      flush: () => awaited(),
      rtp: (track, buf, offset, length) =>
        void arrived.push([track, Buffer.from(buf.subarray(offset, offset + length))]),
    });
    publication.start();
    await fixture.open();
    client = await fixture.client(true);
  });

  afterEach(() => fixture.close());

  const announce = async (body: string, from = client): Promise<void> => {
    const type = { 'Content-Type': 'application/sdp' };
    expect((await from.ask('ANNOUNCE', URL, type, body)).status).toBe(200);
  };

  const setup = (
    track: number,
    headers: Record<string, string> = {},
    from = client,
  ): Promise<RtspResponse> => {
    const transport = SAVP_TCP.replace('0-1', `${2 * track}-${2 * track + 1}`);
    return from.ask('SETUP', `${URL}/t=${track}`, {
      Transport: `${transport};mode=record`,
      ...headers,
    });
  };

  /** Sets both tracks up and records. @returns the answers to SETUP */
  const record = async (...headers: Record<string, string>[]): Promise<RtspResponse[]> => {
    const first = await setup(0, headers[0]);
    expect(first.headers.get('Transport')).toMatch(/^RTP\/SAVP\/TCP;unicast;.*mode="RECORD"/);
    const Session = first.headers.get('Session')!.split(';')[0]!;
    const second = await setup(1, { ...headers[1], Session });
    expect(second.status).toBe(200);
    expect((await client.ask('RECORD', URL, { Session })).status).toBe(200);
    return [first, second];
  };

  const sealed = (sender: SrtpSender, packet: Buffer): Buffer => {
    const out = Buffer.alloc(packet.length + sender.rtpOverheadBytes);
    return out.subarray(0, sender.rtp(packet, 0, packet.length, out, 0));
  };

  const send = (...frames: [track: number, packet: Buffer][]): void =>
    void client.socket.write(
      Buffer.concat(frames.map(([track, packet]) => encodeInterleaved(2 * track, packet))),
    );

  const until = async (packets: number): Promise<void> => {
    while (arrived.length < packets) {
      await new Promise<void>((resolve) => {
        awaited = resolve;
      });
    }
  };

  const [first, second] = [bareKey(), bareKey()];
  const chosen = createMasterKey();
  const headers = (key: SrtpMasterKey): Record<string, string> => keyMgmt(createMikey(key, []));

  it.each([
    ['with the SDP, for each track', sdp('', attribute(first), attribute(second)), []],
    ['with SETUP (GStreamer, gortsplib)', sdp(''), [headers(first), headers(second)]],
    ['with both', sdp('', attribute(first)), [headers(first), headers(second)]],
    ['with an identifier', sdp(attribute(chosen)), [], [chosen, chosen]],
    ['for all tracks', sdp(attribute(first)), [], [first, first]],
  ] as const)(
    'brings packets under the keys that were told %s, and is reported to under ours',
    async (_, body, ofSetup, keys = [first, second]) => {
      await announce(body);
      const answers = await record(...ofSetup);
      const senders = keys.map((key) => new SrtpSender(key));
      // In one write, as an encoder sends a picture and its sound.
      send(
        [0, sealed(senders[0]!, rtp(1))],
        [0, sealed(senders[0]!, rtp(2))],
        [1, sealed(senders[1]!, rtp(3))],
      );
      await until(3);
      expect(arrived).toEqual([
        [0, rtp(1)],
        [0, rtp(2)],
        [1, rtp(3)],
      ]);
      fixture.clock.advance(INACTIVITY_MS - 1);
      send([0, sealed(senders[0]!, rtp(4))]);
      await until(4);
      fixture.clock.advance(1);
      for (const [track, answer] of answers.entries()) {
        const report = await client.next();
        if (!('bytes' in report)) throw new Error('an answer came');
        expect(report.channel).toBe(2 * track + 1);
        const { key, sessions } = keysOf(answer);
        expect(key.mki.length).toBe(keys[0].mki.length);
        const length = new SrtpReceiver(key).rtcp(report.bytes, 0, report.bytes.length);
        const [item] = decodeRtcp(report.bytes, 0, length);
        expect(item).toMatchObject({ type: 'rr', ssrc: sessions[0]!.ssrc });
      }
    },
  );

  it('passes on nothing that is forged, repeated or open, and counts it', async () => {
    await announce(sdp(attribute(first)));
    await record();
    const sender = new SrtpSender(first);
    const packet = sealed(sender, rtp(1));
    const forged = Buffer.from(packet);
    forged[14]! ^= 1;
    send([0, forged], [0, rtp(2)], [0, packet], [0, packet], [0, Buffer.alloc(0)]);
    send([0, sealed(sender, rtp(3))]);
    await until(2);
    expect(arrived.map(([, bytes]) => bytes)).toEqual([rtp(1), rtp(3)]);
    expect(publication.stats.dropped.srtp).toBe(4);
  });

  it('goes on with the rollover counter that was told', async () => {
    const key = bareKey();
    const message = createMikey(key, [{ ssrc: SSRC, roc: 3 }]);
    const told = printKeyMgmtAttribute(message, Date.now() as WallTimeMs);
    await announce(sdp(`a=key-mgmt:${told}\r\n`));
    await record();
    const sender = new SrtpSender(key);
    for (let wraps = 0; wraps < 3; wraps += 1)
      for (const sequence of [1, 30_000, 60_000]) sealed(sender, rtp(sequence));
    send([0, sealed(sender, rtp(2))]);
    await until(1);
    expect(arrived).toEqual([[0, rtp(2)]]);
  });

  it('is refused without TLS, and with keys that cannot be read', async () => {
    const plain = await fixture.client(false);
    await announce(sdp(attribute(first)), plain);
    expect((await setup(0, {}, plain)).status).toBe(461);
    await announce(sdp('a=key-mgmt:mikey AQAFAA==\r\n'));
    expect((await setup(0)).status).toBe(463);
    expect((await setup(0, headers(first))).status).toBe(200);
  });

  it('ends a publisher whose packets are all forged', async () => {
    await announce(sdp(attribute(first)));
    await record();
    send([0, sealed(new SrtpSender(second), rtp(1))]);
    await client.ask('OPTIONS', '*');
    fixture.clock.advance(INACTIVITY_MS);
    await once(client.socket, 'close');
    expect(arrived).toEqual([]);
  });
});
