import { invalidValue } from '../soap/fault.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { booleanAt, durationAt, numberOf, optional, printDateTime, required } from './arguments.js';
import { MediaLookup, noConfiguration, tokens } from './media-lookup.js';
import { ptzConfiguration, PTZ_SPACES } from './media-nodes.js';
import type { MediaPort } from './media-port.js';
import type { Call, Operation, Service } from './operation.js';

/** Pan and tilt from -1 to 1, zoom from 0 to 1; as a velocity or a way each from -1 to 1. ONVIF PTZ s.5.8. */
export interface PtzVector {
  readonly pan: number;
  readonly tilt: number;
  readonly zoom: number;
}

export interface PtzPreset {
  readonly token: string;
  readonly name: string;
  readonly position: PtzVector;
}

/** What moves a camera. Parts of a vector that are absent stay as they are. */
export interface PtzHead {
  readonly position: PtzVector;
  readonly moving: { readonly panTilt: boolean; readonly zoom: boolean };
  continuous(velocity: Partial<PtzVector>, timeoutMs: number): void;
  absolute(target: Partial<PtzVector>): void;
  relative(way: Partial<PtzVector>): void;
  stop(panTilt: boolean, zoom: boolean): void;
  presets(): readonly PtzPreset[];
  /** Keeps the position; with a token it moves that preset. Returns the token. */
  setPreset(name: string | undefined, token: string | undefined): string;
  removePreset(token: string): void;
  home(): void;
  setHome(): void;
}

export interface PtzPort {
  readonly nodes: readonly string[];
  /** @throws NightjarError `not-found` */
  head(node: string): PtzHead;
  readonly clock: { wallMs(): number };
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 60_000;
const MAX_PRESETS = 100;

/** Moves cameras. ONVIF PTZ. */
export function ptzService<C>(port: PtzPort, media: MediaPort<C>): Service<C> {
  const lookup = new MediaLookup(media);
  const headOf = async (call: Call<C>): Promise<PtzHead> => {
    const { ptzNode } = await lookup.profile(call);
    if (ptzNode === undefined) throw invalidValue('this profile does not move', 'ter:NoPTZProfile');
    return port.head(ptzNode);
  };
  const act = (
    name: string,
    run: (head: PtzHead, request: XmlElement) => XmlNode | void,
  ): Operation<C> => ({
    access: 'ACTUATE',
    async answer(call) {
      const content = run(await headOf(call), call.request);
      return xml(`tptz:${name}Response`, content ?? undefined);
    },
  });
  const capabilities = (): XmlNode =>
    withAttributes(xml('tptz:Capabilities'), { MoveStatus: true, StatusPosition: true });
  return {
    prefix: 'tptz',
    path: 'ptz_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('tptz:GetServiceCapabilitiesResponse', capabilities()),
      },
      ...describing(port, lookup),
      GetStatus: {
        access: 'READ_MEDIA',
        async answer(call) {
          const { position, moving } = await headOf(call);
          const state = (on: boolean): string => (on ? 'MOVING' : 'IDLE');
          return xml(
            'tptz:GetStatusResponse',
            xml(
              'tptz:PTZStatus',
              positionNode('tt:Position', position),
              xml(
                'tt:MoveStatus',
                xml('tt:PanTilt', state(moving.panTilt)),
                xml('tt:Zoom', state(moving.zoom)),
              ),
              xml('tt:UtcTime', printDateTime(port.clock.wallMs())),
            ),
          );
        },
      },
      GetPresets: {
        access: 'READ_MEDIA',
        async answer(call) {
          const presets = (await headOf(call)).presets();
          return xml(
            'tptz:GetPresetsResponse',
            presets.map(({ token, name, position }) =>
              withAttributes(
                xml('tptz:Preset', xml('tt:Name', name), positionNode('tt:PTZPosition', position)),
                { token },
              ),
            ),
          );
        },
      },
      ContinuousMove: act('ContinuousMove', (head, request) => {
        const timeoutMs = durationAt(request, 'Timeout') ?? DEFAULT_TIMEOUT_MS;
        const velocity = vectorAt(request, 'Velocity', -1);
        head.continuous(velocity, Math.max(0, Math.min(timeoutMs, MAX_TIMEOUT_MS)));
      }),
      AbsoluteMove: act('AbsoluteMove', (head, request) =>
        head.absolute(vectorAt(request, 'Position', 0)),
      ),
      RelativeMove: act('RelativeMove', (head, request) =>
        head.relative(vectorAt(request, 'Translation', -1)),
      ),
      Stop: act('Stop', (head, request) =>
        head.stop(booleanAt(request, 'PanTilt') ?? true, booleanAt(request, 'Zoom') ?? true),
      ),
      GotoPreset: act('GotoPreset', (head, request) => {
        head.absolute(presetOf(head, request).position);
      }),
      SetPreset: act('SetPreset', (head, request) => {
        const token = optional(request, 'PresetToken');
        if (token !== undefined) presetOf(head, request);
        else if (head.presets().length >= MAX_PRESETS)
          throw invalidValue('no room for another preset', 'ter:TooManyPresets');
        return xml('tptz:PresetToken', head.setPreset(optional(request, 'PresetName'), token));
      }),
      RemovePreset: act('RemovePreset', (head, request) => {
        head.removePreset(presetOf(head, request).token);
      }),
      GotoHomePosition: act('GotoHomePosition', (head) => head.home()),
      SetHomePosition: act('SetHomePosition', (head) => head.setHome()),
    },
  };
}

function describing<C>(port: PtzPort, lookup: MediaLookup<C>): Service<C>['operations'] {
  const read = (answer: Operation<C>['answer']): Operation<C> => ({ access: 'READ_MEDIA', answer });
  type Tag = 'tptz:PTZConfiguration';
  const tag: Tag = 'tptz:PTZConfiguration';
  const configurations = async (call: Call<C>): Promise<XmlNode[]> => {
    const token = optional(call.request, 'PTZConfigurationToken');
    const profiles = (await lookup.profiles(call)).filter(
      ({ source, ptzNode }) =>
        ptzNode !== undefined && (token === undefined || tokens.ptz(source) === token),
    );
    if (token !== undefined && profiles.length === 0) throw noConfiguration(token);
    const seen = new Map(profiles.map((profile) => [profile.source.token, profile]));
    return [...seen.values()].map(({ source, ptzNode = '' }) =>
      ptzConfiguration(tag, source, ptzNode, 1),
    );
  };
  return {
    GetNodes: read(() => xml('tptz:GetNodesResponse', port.nodes.map(nodeNode))),
    GetNode: read(({ request }) => {
      const token = required(request, 'NodeToken');
      if (!port.nodes.includes(token)) throw invalidValue(`no node ${token}`, 'ter:NoEntity');
      return xml('tptz:GetNodeResponse', nodeNode(token));
    }),
    GetConfigurations: read(async (call) =>
      xml('tptz:GetConfigurationsResponse', await configurations(call)),
    ),
    GetConfiguration: read(async (call) => {
      required(call.request, 'PTZConfigurationToken');
      return xml('tptz:GetConfigurationResponse', (await configurations(call))[0]);
    }),
    GetConfigurationOptions: read(() =>
      xml(
        'tptz:GetConfigurationOptionsResponse',
        xml(
          'tptz:PTZConfigurationOptions',
          xml('tt:Spaces', SPACES),
          xml('tt:PTZTimeout', xml('tt:Min', 'PT0S'), xml('tt:Max', 'PT60S')),
        ),
      ),
    ),
  };
}

const range = (tag: 'XRange' | 'YRange', min: number): XmlNode =>
  xml(`tt:${tag}`, xml('tt:Min', min), xml('tt:Max', 1));
const plane = (tag: string, uri: string): XmlNode =>
  xml(`tt:${tag}`, xml('tt:URI', uri), range('XRange', -1), range('YRange', -1));
const line = (tag: string, uri: string, min: number): XmlNode =>
  xml(`tt:${tag}`, xml('tt:URI', uri), range('XRange', min));

const SPACES: readonly XmlNode[] = [
  plane('AbsolutePanTiltPositionSpace', PTZ_SPACES.absolutePanTilt),
  line('AbsoluteZoomPositionSpace', PTZ_SPACES.absoluteZoom, 0),
  plane('RelativePanTiltTranslationSpace', PTZ_SPACES.relativePanTilt),
  line('RelativeZoomTranslationSpace', PTZ_SPACES.relativeZoom, -1),
  plane('ContinuousPanTiltVelocitySpace', PTZ_SPACES.continuousPanTilt),
  line('ContinuousZoomVelocitySpace', PTZ_SPACES.continuousZoom, -1),
];

function nodeNode(token: string): XmlNode {
  const node = xml(
    'tptz:PTZNode',
    xml('tt:Name', token),
    xml('tt:SupportedPTZSpaces', SPACES),
    xml('tt:MaximumNumberOfPresets', MAX_PRESETS),
    xml('tt:HomeSupported', true),
  );
  return withAttributes(node, { token, FixedHomePosition: false });
}

function positionNode(
  tag: 'tt:Position' | 'tt:PTZPosition',
  { pan, tilt, zoom }: PtzVector,
): XmlNode {
  return xml(
    tag,
    withAttributes(xml('tt:PanTilt'), { x: pan, y: tilt, space: PTZ_SPACES.absolutePanTilt }),
    withAttributes(xml('tt:Zoom'), { x: zoom, space: PTZ_SPACES.absoluteZoom }),
  );
}

/** @throws SoapFault InvalidPosition for what lies outside the space */
function vectorAt(request: XmlElement, name: string, minZoom: -1 | 0): Partial<PtzVector> {
  const vector = request.child(name);
  const part = (element: XmlElement | undefined, axis: 'x' | 'y', min: number): number => {
    const value = numberOf(present(element?.attributes.get(axis), `${name} ${axis}`), axis);
    if (value < min || value > 1)
      throw invalidValue(`${axis} of ${name} is outside the space`, 'ter:InvalidPosition');
    return value;
  };
  const panTilt = vector?.child('PanTilt');
  const zoom = vector?.child('Zoom');
  return {
    ...(panTilt && { pan: part(panTilt, 'x', -1), tilt: part(panTilt, 'y', -1) }),
    ...(zoom && { zoom: part(zoom, 'x', minZoom) }),
  };
}

function present(text: string | undefined, what: string): string {
  if (text === undefined || text === '') throw invalidValue(`${what} is missing`);
  return text;
}

function presetOf(head: PtzHead, request: XmlElement): PtzPreset {
  const token = required(request, 'PresetToken');
  const preset = head.presets().find((one) => one.token === token);
  if (preset === undefined) throw invalidValue(`no preset ${token}`, 'ter:NoToken');
  return preset;
}
