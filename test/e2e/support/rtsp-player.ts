import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  parseSdp,
  parseTransport,
  resolveControl,
  type RtspResponse,
  type SdpSession,
} from '@nightjar/rtsp';
import { PlayerTrack } from './player-track.js';
import { RtspClient } from './rtsp-client.js';
import type { Stage } from './open-stage.js';

export type Transport = 'tcp' | 'udp';

/** A third of the timeout that servers give a session. */
const KEEP_ALIVE_MS = 20_000;

/** A player of all tracks of a presentation that keeps account of what it gets. */
export class RtspPlayer {
  readonly tracks: PlayerTrack[];
  private readonly sockets: Socket[] = [];
  private readonly keepAlive: NodeJS.Timeout;
  /** Aggregate control URL. */
  private readonly control: string;

  private constructor(
    readonly client: RtspClient,
    readonly sdp: SdpSession,
    private readonly base: string,
    private readonly require: string | undefined,
  ) {
    this.tracks = sdp.tracks.map(({ format }) => new PlayerTrack(format));
    this.control =
      sdp.control === '' || sdp.control === '*' ? base : resolveControl(base, sdp.control);
    this.keepAlive = setInterval(
      () => void this.ask('GET_PARAMETER').catch(() => undefined),
      KEEP_ALIVE_MS,
    );
  }

  /**
   * Connects, describes and sets up; does not play.
   * @param require feature tags to send with DESCRIBE, SETUP and PLAY
   */
  static async open(
    stage: Stage,
    url: string,
    transport: Transport = 'tcp',
    require?: string,
  ): Promise<RtspPlayer> {
    const client = await RtspClient.connect(url);
    stage.defer(() => Promise.resolve(client.close()));
    const asking = { Accept: 'application/sdp', ...tagged(require) };
    const described = must(await client.ask('DESCRIBE', client.url, asking));
    const base = described.headers.get('Content-Base') ?? client.url;
    const player = new RtspPlayer(client, parseSdp(described.body.toString()), base, require);
    stage.defer(() => player.close());
    for (const index of player.tracks.keys()) await player.setUp(index, transport);
    return player;
  }

  get video(): PlayerTrack {
    const track = this.tracks.find(({ format }) => format.kind === 'video');
    if (track === undefined) throw new Error('no video');
    return track;
  }

  /** PLAY; what is counted as units begins anew with its answer. */
  async play(headers: Readonly<Record<string, string>> = {}): Promise<RtspResponse> {
    const asking = { ...headers, ...tagged(this.require) };
    return must(
      await this.client.ask('PLAY', this.control, asking, ({ status }) => {
        if (status === 200) for (const track of this.tracks) track.restart();
      }),
    );
  }

  async pause(): Promise<RtspResponse> {
    return must(await this.client.ask('PAUSE', this.control));
  }

  /** Asks for something else of the session; the answer may be a refusal. */
  async ask(method: string, headers: Readonly<Record<string, string>> = {}): Promise<RtspResponse> {
    return await this.client.ask(method, this.control, headers);
  }

  async teardown(): Promise<void> {
    must(await this.client.ask('TEARDOWN', this.control));
    await this.close();
  }

  private async setUp(index: number, transport: Transport): Promise<void> {
    const track = this.tracks[index]!;
    const uri = resolveControl(this.base, this.sdp.tracks[index]!.control);
    if (transport === 'udp') {
      const [rtp, rtcp] = await this.openPorts(track);
      must(
        await this.client.ask('SETUP', uri, {
          Transport: `RTP/AVP;unicast;client_port=${rtp}-${rtcp}`,
          ...tagged(this.require),
        }),
      );
      return;
    }
    const asked = `RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}`;
    const answer = must(
      await this.client.ask('SETUP', uri, { Transport: asked, ...tagged(this.require) }),
    );
    const [spec] = parseTransport(answer.headers.get('Transport') ?? '');
    const channel = spec?.interleaved?.[0] ?? 2 * index;
    const next = this.client.onFrame;
    this.client.onFrame = (number, packet) => {
      if (number === channel) track.rtp(packet);
      else if (number === channel + 1) track.rtcp(packet);
      else next(number, packet);
    };
  }

  private async openPorts(track: PlayerTrack): Promise<[number, number]> {
    const [rtp, rtcp] = await Promise.all([openSocket(), openSocket()]);
    this.sockets.push(rtp, rtcp);
    rtp.on('message', (packet) => track.rtp(packet));
    rtcp.on('message', (packet) => track.rtcp(packet));
    return [rtp.address().port, rtcp.address().port];
  }

  /** Leaves without a word, as a player that is killed. */
  private async close(): Promise<void> {
    clearInterval(this.keepAlive);
    this.client.close();
    for (const socket of this.sockets.splice(0)) {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    }
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

function tagged(require: string | undefined): Record<string, string> {
  return require === undefined ? {} : { Require: require };
}

function must(response: RtspResponse): RtspResponse {
  if (response.status !== 200) throw new Error(`answered ${response.status} ${response.reason}`);
  return response;
}
