import { notSupported } from '../soap/fault.js';
import { xml, type Content, type XmlNode } from '../xml/print-xml.js';
import type { Call, Service } from './operation.js';

type XAddr = (path: string, origin: string) => string;

/** What clients ask for that are older than GetServices. ONVIF Core s.8.1.2.3. */
export function oldCapabilities<C>(
  { request, origin }: Call<C>,
  multicast: boolean,
  services: readonly Service<C>[],
  xAddr: XAddr,
): XmlNode {
  const wanted = request.childrenNamed('Category').map(({ text }) => text.trim());
  const asked = (category: string): boolean =>
    wanted.length === 0 || wanted.includes('All') || wanted.includes(category);
  const known = new Set(['All', 'Analytics', 'Device', 'Events', 'Imaging', 'Media', 'PTZ']);
  const unknown = wanted.find((category) => !known.has(category));
  if (unknown !== undefined) throw notSupported(`capability category ${unknown}`);
  const at = (prefix: Service<C>['prefix']): XmlNode | undefined => {
    const found = services.find((one) => one.prefix === prefix);
    return found && xml('tt:XAddr', xAddr(found.path, origin));
  };
  const section = (
    category: string,
    prefix: Service<C>['prefix'],
    ...content: readonly Content[]
  ): XmlNode | undefined => {
    const address = asked(category) ? at(prefix) : undefined;
    return address && xml(`tt:${category}`, address, ...content);
  };
  return xml(
    'tds:Capabilities',
    section('Device', 'tds', OLD_DEVICE),
    section(
      'Events',
      'tev',
      xml('tt:WSSubscriptionPolicySupport', false),
      xml('tt:WSPullPointSupport', true),
      xml('tt:WSPausableSubscriptionManagerInterfaceSupport', false),
    ),
    section('Imaging', 'timg'),
    section('Media', 'trt', streaming(multicast)),
    section('PTZ', 'tptz'),
    wanted.length === 0 || wanted.includes('All') ? oldExtension(at) : undefined,
  );
}

const OLD_DEVICE: Content = [
  xml(
    'tt:Network',
    xml('tt:IPFilter', false),
    xml('tt:ZeroConfiguration', false),
    xml('tt:IPVersion6', false),
    xml('tt:DynDNS', false),
  ),
  xml(
    'tt:System',
    xml('tt:DiscoveryResolve', true),
    xml('tt:DiscoveryBye', true),
    xml('tt:RemoteDiscovery', false),
    xml('tt:SystemBackup', false),
    xml('tt:SystemLogging', false),
    xml('tt:FirmwareUpgrade', false),
    xml('tt:SupportedVersions', xml('tt:Major', 21), xml('tt:Minor', 12)),
  ),
];

function streaming(multicast: boolean): XmlNode {
  return xml(
    'tt:StreamingCapabilities',
    xml('tt:RTPMulticast', multicast),
    xml('tt:RTP_TCP', true),
    xml('tt:RTP_RTSP_TCP', true),
  );
}

function oldExtension(
  at: (prefix: 'trc' | 'tse' | 'trp') => XmlNode | undefined,
): XmlNode | undefined {
  const [recording, search, replay] = [at('trc'), at('tse'), at('trp')];
  if (recording === undefined && search === undefined && replay === undefined) return undefined;
  return xml(
    'tt:Extension',
    recording &&
      xml(
        'tt:Recording',
        recording,
        xml('tt:ReceiverSource', false),
        xml('tt:MediaProfileSource', true),
        xml('tt:DynamicRecordings', false),
        xml('tt:DynamicTracks', false),
        xml('tt:MaxStringLength', 256),
      ),
    search && xml('tt:Search', search, xml('tt:MetadataSearch', false)),
    replay && xml('tt:Replay', replay),
  );
}
