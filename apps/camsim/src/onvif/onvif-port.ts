import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { KeyPair } from '@nightjar/config';
import { answerSoap } from '@nightjar/onvif-device';
import { authority } from '../authority.js';
import type { OnvifCamera } from './onvif-camera.js';

export interface OnvifPlace {
  readonly host: string;
  /** 0 takes any. */
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: KeyPair | undefined;
}

/** HTTP of one camera: SOAP below `/onvif/`, and a snapshot. */
export class OnvifPort {
  private readonly server: Server;

  constructor(
    private readonly camera: OnvifCamera,
    private readonly options: OnvifPlace,
    private readonly failed: (error: unknown) => void,
  ) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.answer(request, response).catch((error: unknown) => {
        response.destroy();
        this.failed(error);
      });
    };
    const { tls } = options;
    this.server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.options.port;
  }

  /** Where its device service is, as the simulator itself reaches it. */
  get url(): string {
    const { host, tls } = this.options;
    return `${tls === undefined ? 'http' : 'https'}://${authority(host, this.port)}/onvif/device_service`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.host, resolve);
    });
  }

  stop(): void {
    this.camera.close();
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { camera } = this;
    if (!camera.reachable) {
      request.destroy();
      return;
    }
    const path = request.url?.split('?')[0] ?? '/';
    if (path.startsWith('/onvif/')) {
      await answerSoap(request, response, camera);
    } else if (path === '/snapshot.jpg' && camera.snapshot !== undefined) {
      this.sendSnapshot(request, response, camera.snapshot);
    } else {
      response.writeHead(404).end();
    }
  }

  private sendSnapshot(request: IncomingMessage, response: ServerResponse, jpeg: Buffer): void {
    try {
      const gate = this.camera.gateOf(request);
      void gate.identify(undefined);
      response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': jpeg.length });
      response.end(jpeg);
    } catch {
      response.writeHead(401, { 'WWW-Authenticate': this.camera.challenges(request) }).end();
    }
  }
}
