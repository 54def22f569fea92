import { EntitySchema } from '../typeorm.js';

/** Devices that were found in the network. */
export const DeviceEntity = new EntitySchema({
  name: 'device',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    endpoint: { type: 'text', unique: true },
    serial: { type: 'text', nullable: true },
    make: { type: 'text', nullable: true },
    model: { type: 'text', nullable: true },
    firmware: { type: 'text', nullable: true },
    hardware: { type: 'text', nullable: true },
    name: { type: 'text', nullable: true },
    addresses: { type: 'jsonb' },
    serviceUrls: { name: 'service_urls', type: 'jsonb' },
    scopes: { type: 'jsonb' },
    capabilities: { type: 'jsonb', default: [] },
    profiles: { type: 'jsonb', default: [] },
    clockOffsetMs: { name: 'clock_offset_ms', type: 'double precision', nullable: true },
    decision: { type: 'text', default: 'new' },
    camera: { type: 'text', nullable: true },
    changes: { type: 'jsonb', default: [] },
    problem: { type: 'text', nullable: true },
    firstSeen: { name: 'first_seen', type: 'timestamptz' },
    lastSeen: { name: 'last_seen', type: 'timestamptz' },
    readAt: { name: 'read_at', type: 'timestamptz', nullable: true },
    leftAt: { name: 'left_at', type: 'timestamptz', nullable: true },
  },
});
