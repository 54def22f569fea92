import { describe, expect } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hashPassword } from '@nightjar/access';
import { printPasswordHash } from '@nightjar/config';
import { makeSelfSigned } from '@nightjar/relay';
import { freePort } from '../support/free-port.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { SYSTEM_PYTHON } from './support/gstreamer.js';
import { cameraAt, Installation, LOGIN } from './support/installation.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

const PEERS = path.join(path.dirname(fileURLToPath(import.meta.url)), 'support/carriage-peers.py');
const PICTURES = 20;

interface Running {
  readonly nightjar: Installation;
  /** URL of a mount by the HTTP port of control. */
  readonly byHttpPort: (mount: string) => string;
  readonly certFile: string;
}

/** GStreamer as a camera; the ports of its faces. */
async function startPeer(stage: Stage): Promise<{ ports: number[]; cert: string }> {
  const { cert, key } = makeSelfSigned(['127.0.0.1'], Date.now());
  const files = ['peer-cert.pem', 'peer-key.pem'].map((name) => path.join(stage.directory, name));
  await writeFile(files[0]!, cert);
  await writeFile(files[1]!, key);
  const peer: ChildProcess = spawn(SYSTEM_PYTHON, [PEERS, 'camera', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stage.defer(async () => {
    if (peer.exitCode !== null) return;
    peer.kill('SIGKILL');
    await once(peer, 'exit');
  });
  const [line] = (await once(createInterface({ input: peer.stdout! }), 'line')) as [string];
  return { ports: line.split(' ').map(Number), cert };
}

/** Serves HTTP, and waits for a database that never comes. */
async function startControl(stage: Stage, nightjar: Installation, port: number): Promise<void> {
  stage.start('control', [], {
    NIGHTJAR_CONFIG: nightjar.configFile,
    NIGHTJAR_DATA_DIR: nightjar.dataDir,
    NIGHTJAR_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    NIGHTJAR_SUPERVISED: '1',
  });
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).ok).toBe(false), {
    withinMs: 20_000,
  });
}

/** Two processes, so that the front unwraps what comes and shards serve it. */
async function startAll(stage: Stage): Promise<Running> {
  const cameras = await Cameras.start(stage, { 'front-door': 'front-door' });
  const { ports, cert } = await startPeer(stage);
  const [plain = 0, secure = 0, socket = 0] = ports;
  const url = `rtsp://127.0.0.1:${plain}/live`;
  const tlsUrl = `rtsps://127.0.0.1:${secure}/live`;
  const { fingerprint256: fingerprint } = new X509Certificate(cert);
  const http = await freePort();
  const nightjar = await Installation.create(stage, {
    media: { processes: 2 },
    http: { host: '127.0.0.1', port: http },
    rtsp: { tls: { selfSigned: true } },
    cameras: {
      'front-door': cameraAt(cameras.url('front-door')),
      'by-tls': { streams: { main: { url: tlsUrl } }, tls: { caFile: 'peer-cert.pem' } },
      'by-http': { streams: { main: { url, transport: 'http' } } },
      'by-https': {
        streams: { main: { url: tlsUrl, transport: 'http' } },
        tls: { fingerprint },
      },
      'by-websocket': {
        streams: { main: { url, transport: 'websocket', via: `ws://127.0.0.1:${socket}/rtsp` } },
      },
    },
  });
  await nightjar.startMedia();
  await startControl(stage, nightjar, http);
  const byHttpPort = (mount: string): string => {
    const at = new URL(nightjar.url(mount));
    at.port = String(http);
    return at.href;
  };
  return {
    nightjar,
    byHttpPort,
    certFile: path.join(nightjar.dataDir, 'secrets', 'rtsp-cert.pem'),
  };
}

const through = (scheme: string, url: string): string => url.replace(/^rtsp:/, `${scheme}:`);

/** Pictures that ffmpeg decodes of a URL. */
async function picturesByFfmpeg(transport: string, url: string): Promise<number> {
  const { stdout } = await runProgram('ffmpeg', [
    '-v',
    'error',
    '-rtsp_transport',
    transport,
    '-i',
    url,
    '-an',
    '-frames:v',
    String(PICTURES),
    '-f',
    'framemd5',
    '-',
  ]);
  return stdout.split('\n').filter((line) => line.startsWith('0,')).length;
}

async function picturesByGStreamer(url: string): Promise<number> {
  const pipeline = [
    `rtspsrc location=${url} tls-validation-flags=0 latency=0`,
    'rtph264depay ! h264parse ! avdec_h264',
    `identity eos-after=${PICTURES + 1} ! checksumsink`,
  ].join(' ! ');
  const { stdout } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
  return stdout.split('\n').filter((line) => /[0-9a-f]{40}$/.test(line)).length;
}

/** Status of the answer to a request on a connection of its own. */
async function httpStatus(
  port: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode!;
}

/** Code and complaints of a player in Python. */
async function playWebSocket(
  { certFile }: Running,
  scheme: string,
  port: string,
  url = `rtsp://127.0.0.1:${port}/front-door`,
): Promise<[number | null, string]> {
  const at = `${scheme}://127.0.0.1:${port}/front-door`;
  const { code, stderr } = await runProgram(SYSTEM_PYTHON, [
    PEERS,
    'play',
    at,
    url,
    LOGIN.username,
    LOGIN.password,
    certFile,
  ]);
  return [code, stderr];
}

describe('RTSP inside TLS, HTTP and WebSockets', () => {
  const withAll = sharedStage(30_000, startAll);

  withAll('is played by ffmpeg', 60_000, async ({ nightjar }) => {
    const url = nightjar.url('front-door');
    expect(await picturesByFfmpeg('tcp', through('rtsps', url))).toBe(PICTURES);
    expect(await picturesByFfmpeg('http', url)).toBe(PICTURES);
    expect(await picturesByFfmpeg('https', url)).toBe(PICTURES);
  });

  withAll('is played by GStreamer', 60_000, async ({ nightjar }) => {
    const url = nightjar.url('front-door');
    for (const scheme of ['rtsps', 'rtsph', 'rtspsh'])
      expect(await picturesByGStreamer(through(scheme, url))).toBe(PICTURES);
  });

  withAll('is played by the WebSockets of Python', 30_000, async (running) => {
    const { port } = new URL(running.nightjar.url(''));
    for (const scheme of ['ws', 'wss'])
      expect(await playWebSocket(running, scheme, port)).toEqual([0, '']);
  });

  describe('through the HTTP port', () => {
    const tunnelled = (url: string): string => through('rtsph', url);

    withAll('is played by ffmpeg and GStreamer in a tunnel', 30_000, async ({ byHttpPort }) => {
      expect(await picturesByFfmpeg('http', byHttpPort('front-door'))).toBe(PICTURES);
      expect(await picturesByGStreamer(tunnelled(byHttpPort('front-door')))).toBe(PICTURES);
    });

    withAll('is played by the WebSockets of Python', 30_000, async (running) => {
      const { port } = new URL(running.byHttpPort(''));
      expect(await playWebSocket(running, 'ws', port)).toEqual([0, '']);
    });

    withAll('serves the API beside, and refuses what is no tunnel', 20_000, async (running) => {
      const { port } = new URL(running.byHttpPort(''));
      const cookie = { 'x-sessioncookie': 'cookie-of-nobody' };
      const body = { ...cookie, 'content-type': 'application/x-rtsp-tunnelled' };
      expect([
        await httpStatus(port, 'GET', '/api/v1/cameras'),
        await httpStatus(port, 'GET', '/front-door'),
        await httpStatus(port, 'GET', '/front-door', { 'x-sessioncookie': 'short' }),
        await httpStatus(port, 'POST', '/front-door', { ...body, 'content-type': 'text/plain' }),
        await httpStatus(port, 'POST', '/front-door', body),
      ]).toEqual([401, 404, 400, 415, 404]);
      const refused = await playWebSocket(running, 'ws', port, 'rtsp://h/unknown');
      expect(refused[0]).not.toBe(0);
    });
  });

  withAll(
    'lets in who is kept as scrypt, and asks for the password inside TLS alone',
    60_000,
    async ({ nightjar }) => {
      const keeper = { username: 'keeper', password: 'kept as scrypt' };
      const hashes = await hashPassword(keeper.username, keeper.password, 'scrypt');
      await nightjar.addUsers({ keeper: { passwordHash: hashes.map(printPasswordHash) } });
      const login = { ...keeper, password: encodeURIComponent(keeper.password) };
      const url = nightjar.url('front-door', login);
      await eventually(
        async () => expect(await picturesByFfmpeg('tcp', through('rtsps', url))).toBe(PICTURES),
        { withinMs: 20_000 },
      );
      expect(await picturesByGStreamer(through('rtsps', url))).toBe(PICTURES);
      expect(await picturesByFfmpeg('tcp', url)).toBe(0);
      expect(await picturesByFfmpeg('tcp', nightjar.url('front-door'))).toBe(PICTURES);
    },
  );

  withAll('shows openssl a certificate that belongs to it', 30_000, async (running) => {
    const { port } = new URL(running.nightjar.url(''));
    const { stdout } = await runProgram('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-verify_return_error',
      '-CAfile',
      running.certFile,
      '-verify_ip',
      '127.0.0.1',
    ]);
    expect(stdout).toContain('Verify return code: 0 (ok)');
    const metrics = await running.nightjar.metrics();
    const until = new X509Certificate(await readFile(running.certFile)).validTo;
    expect(metrics.sum('nightjar_certificate_expiry_timestamp_seconds', { use: 'rtsp' })).toBe(
      Date.parse(until) / 1000,
    );
  });

  for (const camera of ['by-tls', 'by-http', 'by-https', 'by-websocket']) {
    withAll(`is pulled from GStreamer as a camera, ${camera}`, 30_000, async ({ nightjar }) => {
      expect(await picturesByFfmpeg('tcp', nightjar.url(camera))).toBe(PICTURES);
    });
  }
});
