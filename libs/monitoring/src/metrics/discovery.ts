import { counter, gauge } from './declare.js';

/** What is found in the network (ONVIF). */
export const discoveryMetrics = {
  discoveryDevices: gauge(
    'discovery_devices',
    'Devices in the network that are known, by state: new, adopted, ignored, changed, gone.',
    ['state'],
  ),
  discoverySearches: counter(
    'discovery_searches_total',
    'Searches of the network, by result: whole, in part (some networks could not be asked), or failed.',
    ['result'],
  ),
  discoveryAdoptions: counter(
    'discovery_adoptions_total',
    'Devices that a rule was tried at, by result: adopted, login refused, or failed.',
    ['result'],
  ),
  cameraDrift: gauge(
    'camera_drift',
    'Things that are other at a camera than when it was adopted or last accepted: address, firmware, clock, encoder settings, a lost profile.',
    ['camera'],
  ),
  cameraSettingsOff: gauge(
    'camera_settings_off',
    'Settings of a camera that are other than declared, where some are declared.',
    ['camera'],
  ),
  cameraSettingsSet: counter(
    'camera_settings_set_total',
    'Settings that were set at cameras, by result: taken, refused, or not kept (another value is read back).',
    ['result'],
  ),
  cameraEventsHeard: gauge(
    'camera_events_heard',
    'Whether events of a camera are heard by ONVIF (1) or not (0); absent for cameras without.',
    ['camera'],
  ),
} as const;
