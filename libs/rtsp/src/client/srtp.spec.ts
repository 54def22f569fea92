import { describe, expect, it } from '@jest/globals';
import type { WallTimeMs } from '@nightjar/common';
import { createMasterKey, type SrtpMasterKey } from '@nightjar/rtp';
import { parseKeyMgmt, printKeyMgmt } from '../headers/index.js';
import { RtspHeaders, type RtspRequest } from '../messages/index.js';
import {
  createMikey,
  parseMikey,
  printKeyMgmtAttribute,
  printMikey,
  printMikeyParameter,
} from '../mikey/index.js';
import { Dialogue, SDP, camera, type Reply, type Server } from './testing/dialogue.js';

const URL = 'rtsps://cam.test/live';
const NOW = 0 as WallTimeMs;
const NO_MKI = Buffer.alloc(0);

const mikeyOf = (key: SrtpMasterKey) => createMikey(key, [{ ssrc: 9, roc: 3 }]);
const keyMgmt = (key: SrtpMasterKey): string =>
  printKeyMgmt({ uri: '', data: printMikey(mikeyOf(key), NOW) });
const attribute = (key: SrtpMasterKey): string =>
  `a=key-mgmt:${printKeyMgmtAttribute(mikeyOf(key), NOW)}\r\n`;

/** The usual SDP of two tracks, by SRTP, with a key for the session and one for each track. */
function sdp(session = '', media = ''): string {
  return SDP.replaceAll('RTP/AVP', 'RTP/SAVP')
    .replace('a=control:*\r\n', `a=control:*\r\n${session}`)
    .replaceAll(/(a=control:trackID=\d\r\n)/g, `$1${media}`);
}

/** A camera that describes `text`; `setup` answers SETUP beyond the plain answer. */
function srtpCamera(text: string, setup: (request: RtspRequest) => Reply | undefined): Server {
  return camera((request) => {
    if (request.method === 'DESCRIBE')
      return { headers: { 'Content-Base': `${URL}/` }, body: text };
    return request.method === 'SETUP' ? setup(request) : undefined;
  });
}

const transportOf = (request: RtspRequest): string => request.headers.get('Transport') ?? '';
const keyOf = (request: RtspRequest): SrtpMasterKey =>
  parseMikey(parseKeyMgmt(request.headers.get('KeyMgmt')!)!.data).key;
const setups = (d: Dialogue): RtspRequest[] =>
  d.requests.filter(({ method }) => method === 'SETUP');

describe('a camera whose tracks go by SRTP, inside TLS', () => {
  const [answered, ofMedia, ofSession] = [createMasterKey(), createMasterKey(), createMasterKey()];
  const bare = { ...createMasterKey(), mki: NO_MKI };

  it.each([
    ['the answer to SETUP', sdp(attribute(ofSession), attribute(ofMedia)), answered, answered],
    ['the track', sdp(attribute(ofSession), attribute(ofMedia)), undefined, ofMedia],
    ['the session', sdp(attribute(ofSession)), undefined, ofSession],
    [
      'the track, beside what we do not know',
      sdp('', `a=key-mgmt:x y\r\n${attribute(bare)}`),
      undefined,
      bare,
    ],
  ])('is read with the key of %s', (_, text, inAnswer, expected) => {
    const server = srtpCamera(text, (request) => ({
      headers: {
        Session: 'abc',
        Transport: transportOf(request),
        ...(inAnswer && { KeyMgmt: keyMgmt(inAnswer) }),
      },
    }));
    const d = new Dialogue(server, { url: URL }).start();
    expect(d.playing).toBe(true);
    expect(setups(d).map(transportOf)).toEqual([
      'RTP/SAVP/TCP;unicast;interleaved=0-1',
      'RTP/SAVP/TCP;unicast;interleaved=2-3',
    ]);
    expect(d.ready.map(({ keys }) => keys?.receive)).toEqual([expected, expected]);
    expect(d.ready[0]!.keys!.rocs).toEqual(new Map([[9, 3]]));
    // What is handed on tells nobody the key.
    expect(JSON.stringify(d.ready.map(({ track }) => track))).not.toContain('mikey');
  });

  it('gets a key for our reports, and ours is no other than its own where it has an identifier', () => {
    const plain = new Dialogue(
      srtpCamera(sdp('', attribute(bare)), () => undefined),
      { url: URL },
    );
    const [request] = setups(plain.start());
    expect(keyOf(request!)).toEqual(plain.ready[0]!.keys!.send);
    expect(keyOf(request!).mki).toEqual(NO_MKI);
    expect(keyOf(request!)).not.toEqual(bare);
    const repeated = new Dialogue(
      srtpCamera(sdp('', attribute(ofMedia)), () => undefined),
      { url: URL },
    );
    expect(keyOf(setups(repeated.start())[0]!)).toEqual(ofMedia);
    expect(repeated.ready[0]!.keys).toMatchObject({ send: ofMedia, receive: ofMedia });
  });

  it('may be one that has no key and takes ours for both ways', () => {
    const d = new Dialogue(
      srtpCamera(sdp(), () => undefined),
      { url: URL },
    ).start();
    const { keys } = d.ready[0]!;
    expect(keys!.receive).toEqual(keys!.send);
    expect(keyOf(setups(d)[0]!)).toEqual(keys!.send);
  });

  it('may insist on a key of ours with an identifier: Axis', () => {
    const server = srtpCamera(sdp('', attribute(bare)), (request) =>
      keyOf(request).mki.length === 4 ? undefined : { status: 463 },
    );
    const d = new Dialogue(server, { url: URL }).start();
    expect(d.playing).toBe(true);
    const { keys } = d.ready[0]!;
    expect(keys!.send.mki).toHaveLength(4);
    expect(keys!.receive).toEqual(keys!.send);
    expect(setups(d)).toHaveLength(4);
  });

  it.each([
    ['refuses every key', sdp('', attribute(bare)), 463],
    ['refuses SRTP after all', sdp('', attribute(bare)), 461],
    [
      'has a key that cannot be read, and takes none of ours',
      sdp('', 'a=key-mgmt:mikey AAAA\r\n'),
      463,
    ],
  ])('is played unprotected, within TLS, when it %s', (_, text, status) => {
    const server = srtpCamera(text, (request) =>
      transportOf(request).includes('SAVP') ? { status } : undefined,
    );
    const d = new Dialogue(server, { url: URL, transport: 'udp', fallback: true }).start();
    expect(d.playing).toBe(true);
    expect(d.ready.map(({ keys, carriage }) => [keys, carriage.lower])).toEqual([
      [undefined, 'tcp'],
      [undefined, 'tcp'],
    ]);
  });

  it('is asked again without protection when its answer holds a key that cannot be read', () => {
    const server = srtpCamera(sdp(), (request) =>
      transportOf(request).includes('SAVP')
        ? {
            headers: {
              Session: 'abc',
              Transport: transportOf(request),
              KeyMgmt: 'prot=mikey;data="AAAA"',
            },
          }
        : undefined,
    );
    const d = new Dialogue(server, { url: URL }).start();
    expect(d.playing).toBe(true);
    expect(d.ready.map(({ keys }) => keys)).toEqual([undefined, undefined]);
  });

  it('goes over UDP where that is asked for', () => {
    const d = new Dialogue(
      srtpCamera(sdp('', attribute(bare)), () => undefined),
      {
        url: URL,
        transport: 'udp',
      },
    ).start();
    expect(setups(d).map(transportOf)).toEqual([
      'RTP/SAVP;unicast;client_port=5000-5001',
      'RTP/SAVP;unicast;client_port=5002-5003',
    ]);
    expect(d.ready.map(({ keys }) => keys?.receive)).toEqual([bare, bare]);
  });

  it('that ends with keys nobody understands says so', () => {
    const server = srtpCamera(sdp('', 'a=key-mgmt:mikey AAAA\r\n'), () => ({ status: 463 }));
    const d = new Dialogue(server, { url: URL }).start();
    expect(d.end).toEqual({ kind: 'failed', reason: 'refused', detail: 'SETUP: 463 R' });
  });
});

describe('what is not SRTP', () => {
  it('stays inside TLS, whatever transport is asked for', () => {
    const d = new Dialogue(
      srtpCamera(SDP, () => undefined),
      {
        url: URL,
        transport: 'udp',
        fallback: true,
      },
    ).start();
    expect(d.ready.map(({ carriage }) => carriage.lower)).toEqual(['tcp', 'tcp']);
  });

  it('is not mixed with SRTP over UDP', () => {
    const text = sdp().replace('m=audio 0 RTP/SAVP', 'm=audio 0 RTP/AVP');
    const d = new Dialogue(
      srtpCamera(text, () => undefined),
      { url: URL, transport: 'udp' },
    );
    expect(d.start().ready).toHaveLength(1);
    expect(d.playing).toBe(true);
  });

  it('is what SRTP becomes without TLS: no key is told', () => {
    const d = new Dialogue(srtpCamera(sdp('', attribute(createMasterKey())), () => undefined));
    expect(setups(d.start()).map((request) => request.headers.has('KeyMgmt'))).toEqual([
      false,
      false,
    ]);
    expect(setups(d).map(transportOf)[0]).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
  });
});

describe('a key that comes while a camera plays', () => {
  const bring = (d: Dialogue, body: Buffer): number | undefined => {
    const headers = RtspHeaders.from({ CSeq: '7' });
    const fields = { kind: 'request', uri: '*', version: 'RTSP/1.0', headers, body } as const;
    d.run(d.session.receive({ ...fields, method: 'SET_PARAMETER' }, d.time()));
    const answer = d.answered.at(-1);
    return answer?.kind === 'response' ? answer.status : undefined;
  };
  const next = createMasterKey();
  const body = printMikeyParameter(mikeyOf(next), NOW);

  it('is taken inside TLS, and refused when it cannot be read', () => {
    const d = new Dialogue(
      srtpCamera(sdp(), () => undefined),
      { url: URL },
    ).start();
    expect(bring(d, body)).toBe(200);
    expect(d.rekeys.map(({ key }) => key)).toEqual([next]);
    expect(bring(d, Buffer.from('mikey: AAAA'))).toBe(463);
    expect(bring(d, Buffer.alloc(0))).toBe(200);
    expect(d.rekeys).toHaveLength(1);
  });

  it('is not looked at outside', () => {
    const d = new Dialogue(srtpCamera(SDP, () => undefined)).start();
    expect(bring(d, body)).toBe(200);
    expect(d.rekeys).toEqual([]);
  });
});
