import { NAMESPACES, printEnvelope, xml, type Content, type TagName } from '@nightjar/onvif';
import { LOGIN } from '../e2e/support/installation.js';
import type { Conversation } from './conversations.js';

/** Stand for a range of the newest footage, which is known when it is said. */
export const START = '2026-01-01T00:00:00.000Z';
export const END = '2026-01-01T00:00:10.000Z';

const RANGE = `start=${START}&end=${END}`;
const CAMERA = '/api/v1/cameras/front';
const BASIC = `Authorization: Basic ${btoa(`${LOGIN.username}:${LOGIN.password}`)}\r\n`;

/** What is said to the API and to ONVIF at the HTTP port, on one connection each. */
export function madeHttpConversations(): Conversation[] {
  return [
    ...api(),
    ...soap(),
    { name: 'strangers', carriedBy: 'http', pieces: STRANGE.map((text) => Buffer.from(text)) },
  ];
}

function api(): Conversation[] {
  const asked: Readonly<Record<string, readonly Buffer[]>> = {
    'what-there-is': [
      get('/api/v1/cameras'),
      get('/api/v1/status'),
      get('/api/v1/volumes'),
      get('/api/v1/jobs'),
      get('/api/v1/holds?all=true'),
      get('/api/v1/discovery/devices'),
    ],
    time: [
      get(`${CAMERA}/timeline?${RANGE}`),
      get(`${CAMERA}/completeness?day=2026-01-01&timeZone=UTC`),
      get('/api/v1/completeness?from=2026-01-01&to=2026-01-02&timeZone=UTC'),
      get(`${CAMERA}/deletions?${RANGE}`),
      get(`/api/v1/audit?${RANGE}&kind=denied,playback&limit=3`),
      get(`${CAMERA}/events?${RANGE}&limit=3`),
    ],
    footage: [
      get(`${CAMERA}/playlist.m3u8?${RANGE}&stream=main`),
      get(`${CAMERA}/clip.mp4?${RANGE}&gaps=keep`, 'Range: bytes=0-99,200-\r\n'),
      get(`${CAMERA}/segments/a.mp4?from=0&to=100`),
      get('/onvif/snapshot/front/main'),
    ],
    changes: [
      post('/api/v1/holds', { camera: 'front', start: START, end: END, reason: 'fuzz' }),
      post(`${CAMERA}/urls`, { action: 'playback', start: START, end: END, for: '10m' }),
      post(`${CAMERA}/recording`, { action: 'auto', stream: 'main' }),
      post(`${CAMERA}/events`, { type: 'alarm', label: 'fuzz' }),
      post(`${CAMERA}/events/alarm`, {}),
      post(`${CAMERA}/ptz`, { action: 'move', pan: 0.5, for: '1s' }),
      post('/api/v1/retention/approve', { volume: 'main' }),
      request('DELETE', '/api/v1/exports/1', BASIC),
    ],
  };
  return Object.entries(asked).map(([name, pieces]) => ({
    name: `api-${name}`,
    carriedBy: 'http',
    pieces,
  }));
}

function soap(): Conversation[] {
  const asked: readonly (readonly [string, TagName, ...Content[]])[] = [
    ['device', 'tds:GetServices', xml('tds:IncludeCapability', true)],
    ['device', 'tds:GetDeviceInformation'],
    ['media', 'trt:GetProfiles'],
    [
      'media2',
      'tr2:GetStreamUri',
      xml('tr2:Protocol', 'RTSP'),
      xml('tr2:ProfileToken', 'front-main'),
    ],
    ['event', 'tev:CreatePullPointSubscription', xml('tev:InitialTerminationTime', 'PT10S')],
    ['recording', 'trc:GetRecordings'],
    ['search', 'tse:FindRecordings', xml('tse:Scope'), xml('tse:KeepAliveTime', 'PT5S')],
    ['replay', 'trp:GetReplayUri', xml('trp:RecordingToken', 'front-main')],
  ];
  const pieces = asked.map(([service, tag, ...content]) =>
    request(
      'POST',
      `/onvif/${service}_service`,
      `${BASIC}Content-Type: application/soap+xml\r\n`,
      printEnvelope(xml(tag, ...content)),
    ),
  );
  return [
    { name: 'onvif-by-basic', carriedBy: 'http', pieces },
    { name: 'onvif-by-token', carriedBy: 'http', pieces: [tokenLogin()] },
  ];
}

/** A login that was right once. ONVIF Core s.5.9.1. */
function tokenLogin(): Buffer {
  const { s, wsse, wsu, tds } = NAMESPACES;
  const token = `<w:UsernameToken><w:Username>${LOGIN.username}</w:Username><w:Password Type="#PasswordDigest">qqqqqqqqqqqqqqqqqqqqqqqqqqo=</w:Password><w:Nonce>AAAAAAAAAAAAAAAAAAAAAA==</w:Nonce><u:Created>${START}</u:Created></w:UsernameToken>`;
  const document = `<s:Envelope xmlns:s="${s}" xmlns:w="${wsse}" xmlns:u="${wsu}"><s:Header><w:Security>${token}</w:Security></s:Header><s:Body><d:GetUsers xmlns:d="${tds}"/></s:Body></s:Envelope>`;
  return request(
    'POST',
    '/onvif/device_service',
    'Content-Type: application/soap+xml\r\n',
    document,
  );
}

/** What is no request for anything there is, or lies about itself. */
const STRANGE = [
  `GET /api/v1/cameras/%zz HTTP/1.1\r\nHost: h\r\n${BASIC}\r\n`,
  `GET /api/v1/cameras/..%2f..%2fetc/clip.mp4?${RANGE} HTTP/1.1\r\nHost: h\r\n${BASIC}\r\n`,
  `GET /api/v1/cameras?token=${'A'.repeat(200)} HTTP/1.1\r\nHost: h\r\n\r\n`,
  `GET /api/v1/cameras?__proto__[x]=1&a[b][c]=2 HTTP/1.1\r\nHost: h\r\n${BASIC}\r\n`,
  `POST /api/v1/holds HTTP/1.1\r\nHost: h\r\n${BASIC}Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd`,
  `POST /api/v1/holds HTTP/1.1\r\nHost: h\r\n${BASIC}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  `POST /api/v1/holds HTTP/1.1\r\nHost: h\r\n${BASIC}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na[b][]=c&`,
  'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n',
];

function get(target: string, headers = ''): Buffer {
  return request('GET', target, BASIC + headers);
}

function post(target: string, body: object): Buffer {
  return request(
    'POST',
    target,
    `${BASIC}Content-Type: application/json\r\n`,
    JSON.stringify(body),
  );
}

function request(method: string, target: string, headers: string, body = ''): Buffer {
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: h\r\n${headers}${length}\r\n${body}`);
}
