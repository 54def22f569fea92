import { createMasterKey } from '@nightjar/rtp';
import { createMikey, printKeyMgmt, printMikey } from '@nightjar/rtsp';
import type { WallTimeMs } from '@nightjar/common';
import type { Conversation } from './conversations.js';

/** Stand for what is known when it is said. */
export const CLIENT_PORTS = 'client_port=26206-26207';
const SESSION = 'Session: recorded-elsewhere\r\n';
const LOGIN = 'Authorization: Digest username="viewer"\r\n';
const URL = 'rtsp://127.0.0.1:18554/';

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=made',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z/QADZGWQFB+wFqDAwMgAAADACAAAAeR4oVJ,aOvMRIRA',
  'a=control:stream=0',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 mpeg4-generic/48000/2',
  'a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1190;sizelength=13;indexlength=3;indexdeltalength=3',
  'a=control:stream=1',
  '',
].join('\r\n');

/** What no player was recorded saying: over UDP with datagrams behind it, and with keys. */
export function madeConversations(): Conversation[] {
  return [
    {
      name: 'udp-reader',
      datagrams: true,
      pieces: [
        request('DESCRIBE', 'front'),
        request('DESCRIBE', 'front', LOGIN),
        request(
          'SETUP',
          'front/trackID=0',
          `${LOGIN}Transport: RTP/AVP;unicast;${CLIENT_PORTS}\r\n`,
        ),
        request('PLAY', 'front', LOGIN + SESSION),
      ],
    },
    {
      name: 'udp-publisher',
      datagrams: true,
      pieces: [
        request('ANNOUNCE', 'drone', 'Content-Type: application/sdp\r\n', SDP),
        request('ANNOUNCE', 'drone', `${LOGIN}Content-Type: application/sdp\r\n`, SDP),
        ...[0, 1].map((track) =>
          request(
            'SETUP',
            `drone/stream=${track}`,
            `${LOGIN}${track === 0 ? '' : SESSION}Transport: RTP/AVP;unicast;${CLIENT_PORTS};mode=record\r\n`,
          ),
        ),
        request('RECORD', 'drone', LOGIN + SESSION),
      ],
    },
    {
      name: 'srtp-reader',
      datagrams: true,
      pieces: [
        request('DESCRIBE', 'front'),
        request('DESCRIBE', 'front', LOGIN),
        request(
          'SETUP',
          'front/trackID=0',
          `${LOGIN}Transport: RTP/SAVP;unicast;${CLIENT_PORTS}\r\nKeyMgmt: ${keyMgmt()}\r\n`,
        ),
        request('PLAY', 'front', LOGIN + SESSION),
        request(
          'SET_PARAMETER',
          'front',
          `${LOGIN}${SESSION}Content-Type: text/parameters\r\n`,
          `mikey: ${keys()}\r\n`,
        ),
        request('GET_PARAMETER', 'front', LOGIN + SESSION, 'mikey\r\n'),
      ],
    },
  ];
}

function request(method: string, path: string, headers = '', body = ''): Buffer {
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(
    `${method} ${URL}${path} RTSP/1.0\r\nCSeq: 1\r\n${headers}${length}\r\n${body}`,
  );
}

function keys(): string {
  return printMikey(createMikey(createMasterKey(), [{ ssrc: 1, roc: 0 }]), 0 as WallTimeMs);
}

function keyMgmt(): string {
  return printKeyMgmt({ uri: '', data: keys() });
}
