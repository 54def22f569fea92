import { invalidValue } from '../soap/fault.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { numberAt, optional, required } from './arguments.js';
import type { Operation, Service } from './operation.js';

/** What the picture of one source looks like; numbers from 0 to 100. */
export interface ImagingSettings {
  readonly brightness: number;
  readonly colorSaturation: number;
  readonly contrast: number;
  readonly sharpness: number;
  readonly irCutFilter: IrCutFilter;
}

type IrCutFilter = 'ON' | 'OFF' | 'AUTO';

export interface ImagingPort {
  /** @throws NightjarError `not-found` */
  settings(sourceToken: string): ImagingSettings;
  set(sourceToken: string, settings: ImagingSettings): void;
}

const LEVELS = [
  ['Brightness', 'brightness'],
  ['ColorSaturation', 'colorSaturation'],
  ['Contrast', 'contrast'],
] as const;
const MODES: readonly IrCutFilter[] = ['ON', 'OFF', 'AUTO'];

/** Pictures. ONVIF Imaging. */
export function imagingService<C>(port: ImagingPort): Service<C> {
  const read = (answer: (token: string) => XmlNode): Operation<C> => ({
    access: 'READ_MEDIA',
    answer: ({ request }) => answer(required(request, 'VideoSourceToken')),
  });
  const capabilities = (): XmlNode =>
    withAttributes(xml('timg:Capabilities'), { ImageStabilization: false, Presets: false });
  return {
    prefix: 'timg',
    path: 'imaging_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('timg:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetImagingSettings: read((token) =>
        xml('timg:GetImagingSettingsResponse', settingsNode(port.settings(token))),
      ),
      GetOptions: read((token) => {
        port.settings(token);
        return xml('timg:GetOptionsResponse', OPTIONS);
      }),
      GetMoveOptions: read((token) => {
        port.settings(token);
        return xml('timg:GetMoveOptionsResponse', xml('timg:MoveOptions'));
      }),
      GetStatus: read((token) => {
        port.settings(token);
        return xml('timg:GetStatusResponse', xml('timg:Status'));
      }),
      SetImagingSettings: {
        access: 'ACTUATE',
        answer({ request }) {
          const token = required(request, 'VideoSourceToken');
          const wanted = request.child('ImagingSettings');
          const old = port.settings(token);
          port.set(token, wanted === undefined ? old : changed(old, wanted));
          return xml('timg:SetImagingSettingsResponse');
        },
      },
    },
  };
}

function changed(old: ImagingSettings, wanted: XmlElement): ImagingSettings {
  const level = (name: string, before: number): number => {
    const value = numberAt(wanted, name) ?? before;
    if (value < 0 || value > 100)
      throw invalidValue(`${name} is from 0 to 100`, 'ter:SettingsInvalid');
    return value;
  };
  const mode = optional(wanted, 'IrCutFilter') ?? old.irCutFilter;
  const irCutFilter = MODES.find((one) => one === mode);
  if (irCutFilter === undefined) throw invalidValue(`no mode ${mode}`, 'ter:SettingsInvalid');
  return {
    brightness: level('Brightness', old.brightness),
    colorSaturation: level('ColorSaturation', old.colorSaturation),
    contrast: level('Contrast', old.contrast),
    sharpness: level('Sharpness', old.sharpness),
    irCutFilter,
  };
}

function settingsNode(settings: ImagingSettings): XmlNode {
  return xml(
    'timg:ImagingSettings',
    LEVELS.map(([tag, key]) => xml(`tt:${tag}`, settings[key])),
    xml('tt:IrCutFilter', settings.irCutFilter),
    xml('tt:Sharpness', settings.sharpness),
  );
}

const RANGE = [xml('tt:Min', 0), xml('tt:Max', 100)] as const;
const OPTIONS = xml(
  'timg:ImagingOptions',
  LEVELS.map(([tag]) => xml(`tt:${tag}`, ...RANGE)),
  MODES.map((mode) => xml('tt:IrCutFilterModes', mode)),
  xml('tt:Sharpness', ...RANGE),
);
