import type { ConfigFile } from '../schema.js';
import type { DiscoveryConfig } from './model-discovery.js';

export function toDiscovery(discovery: ConfigFile['discovery']): DiscoveryConfig {
  const { mode, interval, interfaces, hosts, rate } = discovery;
  return { mode, intervalMs: interval, interfaces, hosts, hostsPerSecond: rate };
}
