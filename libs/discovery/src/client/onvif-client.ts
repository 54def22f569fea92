import type { DeviceReading } from '@nightjar/catalog';

/** At a device. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A device, and how we log in there. */
export interface OnvifTarget {
  /** Of the device service. */
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
  /** A picture of a profile. @param url as {@link DeviceReading.profiles} has it */
  snapshot(url: string): Promise<Snapshot>;
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
