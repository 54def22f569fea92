import { randomUUID } from 'node:crypto';
import type { DeviceSighting } from '@nightjar/catalog';
import type { AddressRange } from '@nightjar/config';
import {
  NETWORK_VIDEO_TRANSMITTER,
  ONVIF_DEVICE,
  parseDiscovery,
  printDiscovery,
  type DiscoveryMessage,
} from '@nightjar/onvif';
import { sightingOf } from './sighting.js';

/** Answers that one search looks at: a network may be full of made-up ones. */
const MAX_ANSWERS = 10_000;

/** The questions of one search, and what comes back for them. Cameras and recorders are asked for apart: few answer both. */
export class Probes {
  readonly datagrams: readonly Buffer[];
  private readonly ids: ReadonlySet<string>;
  private answers = 0;

  constructor() {
    const ids = [NETWORK_VIDEO_TRANSMITTER, ONVIF_DEVICE].map((type) => ({
      id: `urn:uuid:${randomUUID()}`,
      type,
    }));
    this.ids = new Set(ids.map(({ id }) => id));
    this.datagrams = ids.map(({ id, type }) =>
      printDiscovery({ kind: 'probe', messageId: id, types: [type], scopes: [] }),
    );
  }

  /** Devices that answer in a datagram, see {@link sightingOf}; none for what answers no question of ours. */
  answered(datagram: Buffer, from: string, networks: readonly AddressRange[]): DeviceSighting[] {
    this.answers += 1;
    const message = this.answers > MAX_ANSWERS ? undefined : readDatagram(datagram);
    if (message?.kind !== 'probe-matches' || !this.ids.has(message.relatesTo)) return [];
    return message.matches.flatMap((match) => sightingOf(match, from, networks) ?? []);
  }
}

/** Undefined for what is no message of WS-Discovery: a network is full of it. */
export function readDatagram(datagram: Buffer): DiscoveryMessage | undefined {
  try {
    return parseDiscovery(datagram);
  } catch {
    return undefined;
  }
}
