import { quantile } from '../figures.js';
import type { LoadMeasured, OpenRequest } from './messages.js';
import type { Reader } from './reader.js';
import { StreamSample } from './stream-sample.js';
import { RawTcpReader, TcpReader } from './tcp-reader.js';
import { MulticastReader, RawUdpReader, SampledUdpReader, UdpReader } from './udp-reader.js';
import { UdpSockets, type UdpSocket } from './udp-sockets.js';

/** Viewers opened at once while they are ramped up. */
const RAMP = 20;

/** The readers of a load process. */
export class Crowd {
  private readers: Reader[] = [];
  private readonly udpSockets = new Map<boolean, UdpSockets>();

  /** Adds readers. @returns local ports of raw UDP readers */
  async open(request: OpenRequest): Promise<number[]> {
    const opened = Array.from({ length: request.readers }, (_, i) => this.make(request, i));
    this.readers.push(...opened);
    for (let i = 0; i < opened.length; i += RAMP)
      await Promise.all(opened.slice(i, i + RAMP).map((reader) => reader.open()));
    return opened.flatMap((reader) => (reader instanceof RawUdpReader ? [reader.socket.port] : []));
  }

  async measure(durationMs: number): Promise<LoadMeasured> {
    const ports = new Set(this.udp().map(({ port }) => port));
    const dropped = UdpSockets.droppedAt(ports);
    for (const { sample } of this.readers) sample?.reset();
    const startedAt = performance.now();
    const before = this.snapshot();
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    const after = this.snapshot();
    const seconds = (performance.now() - startedAt) / 1000;
    const bytes = after.bytes.map((value, i) => value - before.bytes[i]!);
    return {
      kind: 'measure',
      seconds,
      bytes: bytes.reduce((sum, value) => sum + value, 0),
      packets: after.packets - before.packets,
      // Packets missed before this time may have come late in it.
      lost: Math.max(0, after.lost - before.lost),
      droppedHere: UdpSockets.droppedAt(ports) - dropped,
      leastBytes: quantile(bytes, 0),
      medianBytes: quantile(bytes, 0.5),
      latencyMs: this.readers.flatMap(({ sample }) => sample?.latencyMs ?? []),
    };
  }

  keepAlive(): void {
    for (const reader of this.readers) reader.keepAlive?.();
  }

  stall(stalled: boolean): void {
    for (const reader of this.readers) reader.stall?.(stalled);
  }

  close(): void {
    for (const reader of this.readers) reader.close();
    this.readers = [];
  }

  private make({ transport, urls, sampled, gro }: OpenRequest, index: number): Reader {
    const url = new URL(urls[index % Math.max(1, urls.length)] ?? 'rtsp://localhost');
    switch (transport) {
      case 'raw-tcp':
        return new RawTcpReader(url, sampled ? new StreamSample() : undefined);
      case 'tcp':
        return new TcpReader(url, sampled ? new StreamSample() : undefined);
      case 'raw-udp':
        return new RawUdpReader(this.socketsOf(gro), this.socketsOf(gro).open());
      case 'raw-multicast':
        return new RawUdpReader(
          this.socketsOf(gro),
          this.socketsOf(gro).openGroup(url.hostname, Number(url.port)),
        );
      case 'multicast':
        return new MulticastReader(url, this.socketsOf(gro));
      case 'udp':
        return sampled
          ? new SampledUdpReader(url, new StreamSample())
          : new UdpReader(url, this.socketsOf(gro));
    }
  }

  private socketsOf(gro: boolean): UdpSockets {
    let sockets = this.udpSockets.get(gro);
    if (sockets === undefined) {
      sockets = new UdpSockets(gro);
      this.udpSockets.set(gro, sockets);
    }
    return sockets;
  }

  private udp(): UdpSocket[] {
    const sockets = this.readers.map((reader) =>
      reader instanceof UdpReader ||
      reader instanceof RawUdpReader ||
      reader instanceof MulticastReader
        ? reader.socket
        : undefined,
    );
    return sockets.filter((socket) => socket !== undefined);
  }

  private snapshot(): { bytes: number[]; packets: number; lost: number } {
    const counters = [
      ...this.udp(),
      ...this.readers.flatMap(({ sample }) => (sample === undefined ? [] : [sample])),
    ];
    return {
      bytes: this.readers.map(({ bytes }) => bytes),
      packets: counters.reduce((sum, { packets }) => sum + packets, 0),
      lost: counters.reduce((sum, { lost }) => sum + lost, 0),
    };
  }
}
