import type { DeviceReading } from '@nightjar/catalog';
import type { PtzCommand, PtzPreset } from '../ptz/ptz-command.js';
import type { Notification } from '../events/read-notifications.js';

/** At a device. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A device, and how we log in there. */
export interface OnvifTarget {
  /** Of the device service; a link-local address with its interface, as `http://[fe80::1%eth0]/`. */
  readonly url: string;
  readonly login?: Login | undefined;
  /** Whether a device that takes nothing else may be told the password itself. */
  readonly passwordText?: boolean | undefined;
  /** Other hosts that the device may send us to. */
  readonly allowHosts?: readonly string[] | undefined;
  /** Endpoint reference of the device that the login is for. */
  readonly endpoint?: string | undefined;
  readonly trust?:
    | {
        readonly ca: string | undefined;
        readonly fingerprint: string | undefined;
        readonly insecure: boolean;
      }
    | undefined;
}

/** What is asked of one device. Its methods throw NightjarError as `DeviceConnection.ask` does. */
export interface OnvifClient {
  /** Who and how the device is. What needs a login that is missing or refused is left out, with the reason in `problem`. */
  read(): Promise<ReadDevice>;
  /** Its endpoint reference; undefined when it does not tell. Needs no login. */
  identify(): Promise<string | undefined>;
  /** Subscribes to its events. */
  subscribe(): Promise<EventSubscription>;
  /** Moves the camera of a profile. */
  ptz(profile: string, command: PtzCommand): Promise<void>;
  /** Positions that the camera of a profile keeps. */
  presets(profile: string): Promise<readonly PtzPreset[]>;
  /** A picture of a profile. @param url as {@link DeviceReading.profiles} has it */
  snapshot(url: string): Promise<Snapshot>;
  /** How its clock is set. */
  clockSettings(): Promise<ClockSettings>;
  /** @param before as {@link clockSettings} told */
  setClock(change: Partial<ClockSettings>, before: ClockSettings): Promise<void>;
  /** @param encoder token of its configuration, as {@link DeviceReading.profiles} has it */
  setEncoder(encoder: string, change: EncoderChange): Promise<void>;
}

export interface ClockSettings {
  /** Names and addresses of time servers. */
  readonly ntp: readonly string[];
  /** `NTP` or `Manual`. */
  readonly source: string | undefined;
  /** POSIX TZ. */
  readonly timeZone: string | undefined;
  readonly daylightSavings: boolean;
}

/** What is to be other at an encoder. */
export interface EncoderChange {
  readonly codec?: 'H264' | 'H265' | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly framesPerSecond?: number | undefined;
  readonly bitrateKbps?: number | undefined;
  readonly gopFrames?: number | undefined;
}

/** Its methods throw NightjarError; after one that did, subscribe anew. */
export interface EventSubscription {
  /** What happened since the last call; waits up to half a minute for something. */
  pull(signal: AbortSignal): Promise<readonly Notification[]>;
  renew(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ReadDevice {
  readonly reading: DeviceReading;
  readonly problem: string | undefined;
}

export interface Snapshot {
  readonly jpeg: Buffer;
}

/** Opens nothing yet. @throws NightjarError `invalid` for a URL that is no device service's */
export type OpenOnvifClient = (target: OnvifTarget) => OnvifClient;
