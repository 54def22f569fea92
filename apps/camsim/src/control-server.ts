import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf, NightjarError } from '@nightjar/common';
import { authority } from './authority.js';
import type { SimulatedCamera } from './camera.js';
import { parseFaults } from './faults.js';
import { parseSignals } from './onvif/signals.js';
import type { CameraSimulator } from './simulator.js';

const MAX_BODY_BYTES = 16 * 1024;
const ROUTE = /^\/cameras(?:\/([a-z0-9-]+)(\/faults|\/events|\/heard)?)?$/;

/**
 * HTTP face of a simulator, for tests and demonstrations:
 * `GET /cameras`, `GET /cameras/<name>`, `POST /cameras/<name>/faults` with a {@link FaultRequest}, `DELETE` of the same;
 * `POST /cameras/<name>/events` with `{"motion": true}` for those with an ONVIF side.
 * `GET /cameras/<name>/heard` is what was said to a camera through its back channel, the last ten seconds (u-law, 8 kHz).
 * Each other one answers with the status of the camera or cameras as JSON.
 */
export class ControlServer {
  private readonly server: Server;

  constructor(
    private readonly simulator: CameraSimulator,
    private readonly host: string,
    private readonly port: number,
  ) {
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  /** Base URL, once started. */
  get url(): string {
    const address = this.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.port;
    return `http://${authority(this.host, port)}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, this.host, resolve);
    });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let body: unknown;
    try {
      body = await this.handle(request);
    } catch (error) {
      status = statusOf(error);
      body = { error: messageOf(error) };
    }
    const sound = Buffer.isBuffer(body);
    response.writeHead(status, { 'Content-Type': sound ? 'audio/basic' : 'application/json' });
    response.end(sound ? body : `${JSON.stringify(body)}\n`);
  }

  private async handle(request: IncomingMessage): Promise<unknown> {
    const { method = 'GET', url = '/' } = request;
    const route = ROUTE.exec(url);
    if (route === null) throw new NightjarError('not-found', 'camsim/route', `No ${url} here`);
    const [, name, faults] = route;
    if (name !== undefined && faults === '/events' && method === 'POST') {
      const states = parseSignals(await bodyOf(request));
      if (this.simulator.onvif === undefined)
        throw new NightjarError('invalid', 'camsim/onvif', 'these cameras have no ONVIF side');
      this.simulator.onvif.face(name).signal(states);
      return this.simulator.camera(name).status;
    }
    if (method === 'GET' && faults === undefined) {
      return name === undefined ? this.simulator.statuses : this.simulator.camera(name).status;
    }
    if (name !== undefined && faults === '/heard' && method === 'GET')
      return this.simulator.camera(name).loudspeaker.sound;
    if (name !== undefined && faults === '/faults' && (method === 'POST' || method === 'DELETE')) {
      const camera = this.simulator.camera(name);
      await change(camera, method, request);
      return camera.status;
    }
    throw new NightjarError('invalid', 'camsim/route', `${method} does not work on ${url}`);
  }
}

async function change(
  camera: SimulatedCamera,
  method: 'POST' | 'DELETE',
  request: IncomingMessage,
): Promise<void> {
  if (method === 'DELETE') camera.clearFaults();
  else camera.inject(parseFaults(await bodyOf(request)));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new NightjarError(
        'invalid',
        'camsim/body',
        `Body of more than ${MAX_BODY_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function statusOf(error: unknown): number {
  if (!(error instanceof NightjarError)) return 500;
  if (error.kind === 'not-found') return 404;
  return error.kind === 'invalid' ? 400 : 500;
}
