import { connect, type Socket } from 'node:net';

/**
 * Plays the first track of a camera over TCP with three fixed requests and nothing more: what any client at least does.
 * @param media gets every chunk after the answer to PLAY as the socket gave it, interleaved framing and all; each chunk is
 *   a buffer of its own
 */
export function pullBare(cameraUrl: string, media: (chunk: Buffer) => void): Socket {
  const camera = new URL(cameraUrl);
  const requests = [
    `DESCRIBE ${camera.href} RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
    `SETUP ${camera.href}/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
  ];
  const socket = connect({ host: camera.hostname, port: Number(camera.port), noDelay: true });
  const answered = (answer: Buffer): void => {
    const next = requests.shift();
    if (next !== undefined) {
      socket.write(next);
      return;
    }
    socket.off('data', answered);
    socket.on('data', media);
    const session = /Session: ([^;\r]+)/.exec(answer.toString('latin1'))?.[1] ?? '';
    socket.write(`PLAY ${camera.href} RTSP/1.0\r\nCSeq: 3\r\nSession: ${session}\r\n\r\n`);
  };
  socket.on('data', answered);
  socket.write(requests.shift()!);
  return socket;
}
