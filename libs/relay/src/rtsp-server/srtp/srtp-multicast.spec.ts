import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SrtpReceiver, createMasterKey } from '@nightjar/rtp';
import { createMikey, printMikeyParameter, type RtspResponse } from '@nightjar/rtsp';
import type { TestClient } from '../testing/test-client.js';
import { Fixture, keyMgmt, play, rtp, setup, told, URL } from './testing/srtp-fixture.js';

const SAVP_GROUP = 'RTP/SAVP;multicast';

/** Group and RTP port that an answer to SETUP tells. */
function groupOf(answer: RtspResponse): readonly [address: string, port: number] {
  const transport = answer.headers.get('Transport')!;
  const [, address = ''] = /destination=([\d.]+)/.exec(transport)!;
  return [address, Number(/;port=(\d+)-/.exec(transport)![1])];
}

describe('SRTP to a multicast group', () => {
  let fixture: Fixture;
  let secure: TestClient;
  let plain: TestClient;
  const own = (mki: Buffer): Record<string, string> =>
    keyMgmt(createMikey({ ...createMasterKey(), mki }, [{ ssrc: 1, roc: 0 }]));
  let listener: UdpSocket;

  beforeEach(async () => {
    fixture = new Fixture(true);
    await fixture.open();
    [secure, plain] = [await fixture.client(true), await fixture.client(false)];
    listener = createSocket({ type: 'udp4', reuseAddr: true });
  });

  afterEach(async () => {
    listener.close();
    await fixture.close();
  });

  it('is encrypted once for all its clients, with the key that DESCRIBE told', async () => {
    const { key } = (await told(secure))!;
    const other = await fixture.client(true);
    const answers = [await setup(secure, {}, SAVP_GROUP), await setup(other, {}, SAVP_GROUP)];
    const [first, second] = answers.map(groupOf);
    expect(second).toEqual(first);
    expect(answers[0]!.headers.get('Transport')).toMatch(/^RTP\/SAVP;multicast;.*ssrc=CAFEBABE/i);
    listener.bind(first![1], first![0]);
    await once(listener, 'listening');
    listener.addMembership(first![0], '127.0.0.1');
    await play(secure, answers[0]!);
    await play(other, answers[1]!);
    expect(fixture.mount.outputs).toHaveLength(1);
    fixture.mount.send(7);
    const [packet] = (await once(listener, 'message')) as [Buffer];
    expect(packet.includes(rtp(7).subarray(12))).toBe(false);
    const length = new SrtpReceiver(key).rtp(packet, 0, packet.length);
    expect(packet.subarray(0, length)).toEqual(rtp(7));
  });

  it('goes to another one for clients that know no key identifiers, and without TLS', async () => {
    const bare = await fixture.client(true);
    const groups = [
      await setup(secure, {}, SAVP_GROUP),
      await setup(bare, own(Buffer.alloc(0)), SAVP_GROUP),
      await setup(plain, {}, 'RTP/AVP;multicast'),
    ].map((answer) => groupOf(answer)[0]);
    expect(new Set(groups).size).toBe(3);
  });

  it.each([
    ['in the clear to who came by TLS', true, 'RTP/AVP;multicast'],
    ['by SRTP to who did not', false, SAVP_GROUP],
  ])('is not sent %s', async (_what, byTls, transport) => {
    expect((await setup(byTls ? secure : plain, {}, transport)).status).toBe(461);
  });

  it('is not under a key that one of them chooses', async () => {
    const chosen = own(Buffer.from('key1'));
    expect((await setup(secure, chosen, SAVP_GROUP)).status).toBe(463);
    const other = await fixture.client(true);
    const answer = await setup(other, {}, SAVP_GROUP);
    const [session = ''] = answer.headers.get('Session')!.split(';');
    const next = printMikeyParameter(createMikey(createMasterKey(), []), 0 as never).toString();
    const rekeyed = await other.ask('SET_PARAMETER', URL, { Session: session }, next);
    expect(rekeyed.status).toBe(463);
  });

  it('has the group in its description, where that is asked for', async () => {
    const { body } = await secure.ask('DESCRIBE', `${URL}?multicast`);
    const answer = await secure.ask('SETUP', `${URL}?multicast/trackID=0`, {
      Transport: SAVP_GROUP,
    });
    const [address, port] = groupOf(answer);
    expect(body.toString()).toContain(`c=IN IP4 ${address}/0`);
    expect(body.toString()).toContain(`m=audio ${port} RTP/SAVP 0`);
    expect(body.toString()).toContain('a=key-mgmt:mikey');
  });
});
