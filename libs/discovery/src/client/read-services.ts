import type { XmlElement } from '@nightjar/onvif';
import type { DeviceAddress } from './device-address.js';

/** `http://www.onvif.org/ver20/ptz/wsdl`; ONVIF Core s.4.1. */
const NAMESPACE = /^http:\/\/www\.onvif\.org\/ver(\d\d)\/([A-Za-z]{2,32})\/wsdl$/i;
const MAX_SERVICES = 64;

/** The services of a device by our names (`device`, `media`, `media2`, `events`, `ptz` ...), each at its address. */
export type Services = ReadonlyMap<string, string>;

/** @param body GetServicesResponse; services of others and those without a usable address are left out */
export function readServices(body: XmlElement, address: DeviceAddress): Services {
  const services = new Map<string, string>();
  for (const service of body.childrenNamed('Service').slice(0, MAX_SERVICES)) {
    const [, version, name] = NAMESPACE.exec(service.textAt('Namespace') ?? '') ?? [];
    if (name === undefined) continue;
    const key = name.toLowerCase() === 'media' && version === '20' ? 'media2' : name.toLowerCase();
    add(services, key, service.textAt('XAddr'), address);
  }
  return services;
}

/** @param body GetCapabilitiesResponse, of devices that know no GetServices */
export function readCapabilities(body: XmlElement, address: DeviceAddress): Services {
  const services = new Map<string, string>();
  const capabilities = body.child('Capabilities');
  const all = [
    ...(capabilities?.children ?? []),
    ...(capabilities?.child('Extension')?.children ?? []),
  ];
  for (const one of all.slice(0, MAX_SERVICES))
    add(services, one.name.toLowerCase(), one.textAt('XAddr'), address);
  return services;
}

function add(
  services: Map<string, string>,
  key: string,
  xAddr: string | undefined,
  address: DeviceAddress,
): void {
  try {
    if (!services.has(key)) services.set(key, address.http(xAddr));
  } catch {
    // A service that is nowhere is no service.
  }
}
