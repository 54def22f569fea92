import type { Socket } from 'node:net';
import { RtspStreamParser, type RtspRequest } from '@nightjar/rtsp';
import type { Camera } from './camera.js';
import { PARAMETER_SETS, PAYLOAD_TYPE, VIDEO_CLOCK_HZ } from './footage.js';

const SESSION = '1';
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN';

/**
 * The RTSP of cameras: one track, interleaved in the connection and nothing else. RFC 2326.
 * @param played called when footage may have begun
 */
export function serveCamera(
  socket: Socket,
  cameras: ReadonlyMap<string, Camera>,
  played: () => void,
): void {
  const connection = new CameraConnection(socket, cameras, played);
  const parser = new RtspStreamParser({
    message: (message) => {
      if (message.kind === 'request') connection.answer(message);
    },
    interleaved: () => undefined,
  });
  socket.on('data', (chunk: Buffer) => parser.push(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => connection.closed());
}

class CameraConnection {
  private camera: Camera | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly cameras: ReadonlyMap<string, Camera>,
    private readonly played: () => void,
  ) {}

  closed(): void {
    this.camera?.leave(this.socket);
  }

  answer(request: RtspRequest): void {
    const { method, uri } = request;
    const name = /^rtsp:\/\/[^/]+\/([^/?]+)/.exec(uri)?.[1] ?? '';
    const camera = this.cameras.get(name);
    if (camera === undefined && method !== 'OPTIONS') return this.respond(request, '404 Not Found');
    switch (method) {
      case 'OPTIONS':
        return this.respond(request, '200 OK', [`Public: ${METHODS}`]);
      case 'DESCRIBE':
        return this.respond(
          request,
          '200 OK',
          [`Content-Base: ${uri.replace(/\/?$/, '/')}`, 'Content-Type: application/sdp'],
          describe(name),
        );
      case 'SETUP': {
        const transport = request.headers.get('Transport') ?? '';
        if (!transport.includes('RTP/AVP/TCP'))
          return this.respond(request, '461 Unsupported Transport');
        return this.respond(request, '200 OK', [
          'Transport: RTP/AVP/TCP;unicast;interleaved=0-1',
          `Session: ${SESSION};timeout=60`,
        ]);
      }
      case 'PLAY':
        this.respond(request, '200 OK', [`Session: ${SESSION}`, 'Range: npt=now-']);
        this.camera = camera;
        this.camera?.play(this.socket, performance.now());
        return this.played();
      case 'TEARDOWN':
        this.camera?.leave(this.socket);
        return this.respond(request, '200 OK');
      default:
        return this.respond(request, '200 OK', [`Session: ${SESSION}`]);
    }
  }

  private respond(
    request: RtspRequest,
    status: string,
    headers: readonly string[] = [],
    body = '',
  ): void {
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const cseq = `CSeq: ${request.headers.get('CSeq') ?? ''}`;
    const head = [`RTSP/1.0 ${status}`, cseq, ...headers, ...length];
    this.socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
}

function describe(name: string): string {
  const { sps, pps } = PARAMETER_SETS;
  const sets = [sps, pps].map((set) => Buffer.from(set).toString('base64')).join(',');
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    `s=${name}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} H264/${VIDEO_CLOCK_HZ}`,
    `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1;profile-level-id=4D4028;sprop-parameter-sets=${sets}`,
    'a=control:trackID=0',
    '',
  ].join('\r\n');
}
