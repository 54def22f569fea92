import { NightjarError } from '@nightjar/common';
import type { XmlElement } from '@nightjar/onvif';
import {
  escaped,
  UNUSED,
  type RequestWriter,
  type WrittenRequest,
} from '../client/request-writer.js';
import { tokenOf } from '../client/read-profiles.js';
import { cleanText } from '../untrusted.js';
import type { PtzCommand, PtzPreset } from './ptz-command.js';

const MAX_PRESETS = 512;

/** The request of a command. @param presets of the camera, for those that name one */
export function writeCommand(
  writer: RequestWriter,
  profile: string,
  command: PtzCommand,
  presets: readonly PtzPreset[],
): WrittenRequest {
  const profileToken = escaped(profile);
  switch (command.action) {
    case 'move': {
      const { pan: x, tilt: y, zoom, forMs: timeout } = command;
      // Cameras without one of the two refuse a request that names it; some take only one at a time.
      const only =
        zoom === 0 ? { onlySendPanTilt: true } : x === 0 && y === 0 ? { onlySendZoom: true } : {};
      const options = { profileToken, x, y, zoom, timeout, ...only };
      return writer.write((cam) => cam.continuousMove(options, UNUSED));
    }
    case 'stop':
      return writer.write((cam) => cam.stop({ profileToken, panTilt: true, zoom: true }, UNUSED));
    case 'home':
      return writer.write((cam) => cam.gotoHomePosition({ profileToken }, UNUSED));
    case 'set-home':
      return writer.write((cam) => cam.setHomePosition({ profileToken }, UNUSED));
    case 'go-to-preset': {
      const preset = escaped(find(presets, command.preset).token);
      return writer.write((cam) => cam.gotoPreset({ profileToken, preset }, UNUSED));
    }
    case 'save-preset': {
      const presetName = escaped(command.preset);
      const known = presets.find(({ name }) => name === command.preset);
      const presetToken = known && escaped(known.token);
      return writer.write((cam) =>
        cam.setPreset({ profileToken, presetName, ...(presetToken && { presetToken }) }, UNUSED),
      );
    }
    case 'remove-preset': {
      const presetToken = escaped(find(presets, command.preset).token);
      return writer.write((cam) => cam.removePreset({ profileToken, presetToken }, UNUSED));
    }
  }
}

export function writePresetsRequest(writer: RequestWriter, profile: string): WrittenRequest {
  return writer.write((cam) => cam.getPresets({ profileToken: escaped(profile) }, UNUSED));
}

/** @param body GetPresetsResponse */
export function readPresets(body: XmlElement): PtzPreset[] {
  return body
    .childrenNamed('Preset')
    .slice(0, MAX_PRESETS)
    .flatMap((preset) => {
      const token = tokenOf(preset);
      return token === undefined ? [] : [{ token, name: cleanText(preset.textAt('Name'), 64) }];
    });
}

function find(presets: readonly PtzPreset[], wanted: string): PtzPreset {
  const preset =
    presets.find(({ name }) => name === wanted) ?? presets.find(({ token }) => token === wanted);
  if (preset !== undefined) return preset;
  throw new NightjarError(
    'not-found',
    'discovery/no-preset',
    'the camera has no preset of this name',
  );
}
