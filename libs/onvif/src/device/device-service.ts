import type { Clock } from '@nightjar/common';
import { invalidValue, notSupported } from '../soap/fault.js';
import { NAMESPACES } from '../xml/namespaces.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { booleanAt, optional, required } from './arguments.js';
import { oldCapabilities } from './old-capabilities.js';
import { xAddrOf, type Operation, type Service } from './operation.js';

export interface DeviceInformation {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmwareVersion: string;
  readonly serialNumber: string;
  readonly hardwareId: string;
}

/** A user as others see it. ONVIF Core s.8.4.2. */
export interface OnvifUser {
  readonly name: string;
  readonly level: 'Administrator' | 'Operator' | 'User';
}

export interface NetworkInterface {
  readonly name: string;
  /** `00:11:22:33:44:55` */
  readonly mac: string;
  readonly ipv4: readonly { readonly address: string; readonly prefix: number }[];
}

/** The device itself. */
export interface DevicePort<C> {
  readonly information: DeviceInformation;
  /** `urn:uuid:...`, the same for ever and on every interface. */
  readonly endpointReference: string;
  scopes(): readonly string[];
  hostname(): string;
  /** The clock of the device, which may be wrong. */
  readonly clock: Pick<Clock, 'wallMs'>;
  /** POSIX TZ, such as `UTC0`. IEEE 1003.1 s.8.3 */
  timeZone(): string;
  discoverable(): boolean;
  interfaces(): readonly NetworkInterface[];
  ports(): readonly { readonly name: 'HTTP' | 'HTTPS' | 'RTSP'; readonly port: number }[];
  users(caller: C): readonly OnvifUser[];
  /** Where a client goes for this service; may be wrong on purpose in a simulation. */
  xAddr?(service: string, origin: string): string;
  /** What may be changed; absent: nothing. */
  readonly control?: DeviceControl;
  /** Whether streams are sent by multicast to who asks. */
  readonly multicast: boolean;
  /** Logins that GetServiceCapabilities tells of. */
  readonly logins: { readonly digest: boolean; readonly usernameToken: boolean };
}

export interface DeviceControl {
  setClock(wallMs: number | undefined, timeZone: string | undefined): void;
  ntp(): readonly string[];
  setNtp(servers: readonly string[]): void;
  /** Returns what the operator is told. */
  reboot(): string;
}

/** The Device service. ONVIF Core chapter 8. */
export function deviceService<C>(
  device: DevicePort<C>,
  others: () => readonly Service<C>[],
): Service<C> {
  const xAddr = (path: string, origin: string): string =>
    device.xAddr?.(path, origin) ?? xAddrOf(origin, path);
  const service: Service<C> = {
    prefix: 'tds',
    path: 'device_service',
    version: [21, 12],
    capabilities: () => capabilitiesOf(device),
    operations: {
      GetServices: preAuth(({ request, origin }) => {
        const include = booleanAt(request, 'IncludeCapability') ?? false;
        const all = [service, ...others()];
        return xml(
          'tds:GetServicesResponse',
          all.map((one) => describe(one, xAddr(one.path, origin), include)),
        );
      }),
      GetServiceCapabilities: preAuth(() =>
        xml('tds:GetServiceCapabilitiesResponse', capabilitiesOf(device)),
      ),
      GetCapabilities: preAuth((call) =>
        xml(
          'tds:GetCapabilitiesResponse',
          oldCapabilities(call, device.multicast, [service, ...others()], xAddr),
        ),
      ),
      GetWsdlUrl: preAuth(() =>
        xml(
          'tds:GetWsdlUrlResponse',
          xml('tds:WsdlUrl', 'https://www.onvif.org/ver20/util/operationIndex.html'),
        ),
      ),
      GetSystemDateAndTime: preAuth(() =>
        xml('tds:GetSystemDateAndTimeResponse', dateAndTime(device)),
      ),
      GetHostname: preAuth(() =>
        xml(
          'tds:GetHostnameResponse',
          xml(
            'tds:HostnameInformation',
            xml('tt:FromDHCP', false),
            xml('tt:Name', device.hostname()),
          ),
        ),
      ),
      GetEndpointReference: preAuth(() =>
        xml('tds:GetEndpointReferenceResponse', xml('tds:GUID', device.endpointReference)),
      ),
      GetDeviceInformation: {
        access: 'READ_SYSTEM',
        answer() {
          const { manufacturer, model, firmwareVersion, serialNumber, hardwareId } =
            device.information;
          return xml(
            'tds:GetDeviceInformationResponse',
            xml('tds:Manufacturer', manufacturer),
            xml('tds:Model', model),
            xml('tds:FirmwareVersion', firmwareVersion),
            xml('tds:SerialNumber', serialNumber),
            xml('tds:HardwareId', hardwareId),
          );
        },
      },
      GetScopes: {
        access: 'READ_SYSTEM',
        answer: () =>
          xml(
            'tds:GetScopesResponse',
            device
              .scopes()
              .map((scope) =>
                xml('tds:Scopes', xml('tt:ScopeDef', 'Fixed'), xml('tt:ScopeItem', scope)),
              ),
          ),
      },
      GetDiscoveryMode: {
        access: 'READ_SYSTEM',
        answer: () =>
          xml(
            'tds:GetDiscoveryModeResponse',
            xml('tds:DiscoveryMode', device.discoverable() ? 'Discoverable' : 'NonDiscoverable'),
          ),
      },
      GetUsers: {
        access: 'READ_SYSTEM_SECRET',
        answer: ({ caller }) =>
          xml(
            'tds:GetUsersResponse',
            device
              .users(caller)
              .map(({ name, level }) =>
                xml('tds:User', xml('tt:Username', name), xml('tt:UserLevel', level)),
              ),
          ),
      },
      ...networkOperations(device),
      ...controlOperations(device),
    },
  };
  return service;
}

function preAuth<C>(answer: Operation<C>['answer']): Operation<C> {
  return { access: 'PRE_AUTH', answer };
}

function networkOperations<C>(device: DevicePort<C>): Service<C>['operations'] {
  const read = (answer: () => XmlNode): Operation<C> => ({ access: 'READ_SYSTEM', answer });
  return {
    GetNetworkInterfaces: read(() => {
      const interfaces = device.interfaces();
      // An answer has at least one.
      if (interfaces.length === 0) throw notSupported('GetNetworkInterfaces');
      return xml('tds:GetNetworkInterfacesResponse', interfaces.map(networkInterface));
    }),
    GetNetworkProtocols: read(() =>
      xml(
        'tds:GetNetworkProtocolsResponse',
        device
          .ports()
          .map(({ name, port }) =>
            xml(
              'tds:NetworkProtocols',
              xml('tt:Name', name),
              xml('tt:Enabled', true),
              xml('tt:Port', port),
            ),
          ),
      ),
    ),
    GetDNS: read(() =>
      xml('tds:GetDNSResponse', xml('tds:DNSInformation', xml('tt:FromDHCP', false))),
    ),
    GetNetworkDefaultGateway: read(() =>
      xml('tds:GetNetworkDefaultGatewayResponse', xml('tds:NetworkGateway')),
    ),
    GetNTP: read(() =>
      xml(
        'tds:GetNTPResponse',
        xml(
          'tds:NTPInformation',
          xml('tt:FromDHCP', false),
          device.control
            ?.ntp()
            .map((server) => xml('tt:NTPManual', xml('tt:Type', 'DNS'), xml('tt:DNSname', server))),
        ),
      ),
    ),
  };
}

/** Operations that exist only where something may be changed. */
function controlOperations<C>({ control }: DevicePort<C>): Service<C>['operations'] {
  if (control === undefined) return {};
  return {
    SetSystemDateAndTime: {
      access: 'WRITE_SYSTEM',
      answer({ request }) {
        const type = required(request, 'DateTimeType');
        const part = (...names: string[]): number =>
          Number(required(request, 'UTCDateTime', ...names));
        const time = (): number =>
          Date.UTC(
            part('Date', 'Year'),
            part('Date', 'Month') - 1,
            part('Date', 'Day'),
            part('Time', 'Hour'),
            part('Time', 'Minute'),
            part('Time', 'Second'),
          );
        const wallMs = type === 'Manual' ? time() : undefined;
        if (Number.isNaN(wallMs)) throw invalidValue('no such time', 'ter:InvalidDateTime');
        control.setClock(wallMs, optional(request, 'TimeZone', 'TZ'));
        return xml('tds:SetSystemDateAndTimeResponse');
      },
    },
    SetNTP: {
      access: 'WRITE_SYSTEM',
      answer({ request }) {
        const servers = request
          .childrenNamed('NTPManual')
          .map((host) => optional(host, 'DNSname') ?? required(host, 'IPv4Address'));
        control.setNtp(servers);
        return xml('tds:SetNTPResponse');
      },
    },
    SystemReboot: {
      access: 'UNRECOVERABLE',
      answer: () => xml('tds:SystemRebootResponse', xml('tds:Message', control.reboot())),
    },
  };
}

function networkInterface({ name, mac, ipv4 }: NetworkInterface): XmlNode {
  const manual = ipv4.map(({ address, prefix }) =>
    xml('tt:Manual', xml('tt:Address', address), xml('tt:PrefixLength', prefix)),
  );
  return withAttributes(
    xml(
      'tds:NetworkInterfaces',
      xml('tt:Enabled', true),
      xml('tt:Info', xml('tt:Name', name), xml('tt:HwAddress', mac)),
      xml('tt:IPv4', xml('tt:Enabled', true), xml('tt:Config', manual, xml('tt:DHCP', false))),
    ),
    { token: name },
  );
}

function describe<C>(service: Service<C>, xAddr: string, include: boolean): XmlNode {
  const [major, minor] = service.version;
  return xml(
    'tds:Service',
    xml('tds:Namespace', NAMESPACES[service.prefix]),
    xml('tds:XAddr', xAddr),
    include ? xml('tds:Capabilities', service.capabilities()) : undefined,
    xml('tds:Version', xml('tt:Major', major), xml('tt:Minor', minor)),
  );
}

function capabilitiesOf<C>({ logins, control }: DevicePort<C>): XmlNode {
  return xml(
    'tds:Capabilities',
    withAttributes(xml('tds:Network'), { NTP: control === undefined ? 0 : 1 }),
    withAttributes(xml('tds:Security'), {
      UsernameToken: logins.usernameToken,
      HttpDigest: logins.digest,
      ...(logins.digest && { HashingAlgorithms: 'MD5 SHA-256' }),
    }),
    withAttributes(xml('tds:System'), {
      DiscoveryResolve: true,
      DiscoveryBye: true,
      NetworkConfigNotSupported: true,
      UserConfigNotSupported: true,
    }),
  );
}

function dateAndTime<C>(device: DevicePort<C>): XmlNode {
  const { clock, control } = device;
  const now = new Date(clock.wallMs());
  const time = xml(
    'tt:Time',
    xml('tt:Hour', now.getUTCHours()),
    xml('tt:Minute', now.getUTCMinutes()),
    xml('tt:Second', now.getUTCSeconds()),
  );
  const date = xml(
    'tt:Date',
    xml('tt:Year', now.getUTCFullYear()),
    xml('tt:Month', now.getUTCMonth() + 1),
    xml('tt:Day', now.getUTCDate()),
  );
  return xml(
    'tds:SystemDateAndTime',
    xml('tt:DateTimeType', (control?.ntp() ?? []).length > 0 ? 'NTP' : 'Manual'),
    xml('tt:DaylightSavings', false),
    xml('tt:TimeZone', xml('tt:TZ', device.timeZone())),
    xml('tt:UTCDateTime', time, date),
  );
}
