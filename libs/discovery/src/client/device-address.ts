import { NightjarError, splitZone, withZone } from '@nightjar/common';

/** Longest address that is kept; ONVIF Core has stream URIs of 128 octets, cameras have more. */
const MAX_URL_CHARS = 1_024;

/**
 * Where requests and connections of one device go. What a device says of its own addresses may be wrong (behind NAT, another
 * interface) or made up, so that it would lead our login elsewhere: a foreign host is replaced by that of the device.
 */
export class DeviceAddress {
  private readonly service: URL;
  /** Interface at which the link-local address of the device means something. */
  readonly zone: string | undefined;

  /**
   * @param serviceUrl of the device service, as it was reached
   * @param allowHosts other hosts that the device may name
   * @throws NightjarError `invalid` when it is no http:// or https:// URL
   */
  constructor(
    serviceUrl: string,
    private readonly allowHosts: readonly string[] = [],
  ) {
    const { url: plain, zone } = splitZone(serviceUrl);
    const url = URL.canParse(plain) ? new URL(plain) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
      throw new NightjarError(
        'invalid',
        'discovery/service-url',
        'the address of a device service begins with http:// or https:// and holds no login',
      );
    this.service = url;
    this.zone = zone;
  }

  /** Without {@link zone}. */
  get serviceUrl(): string {
    return this.service.href;
  }

  /** Without the brackets of IPv6, with {@link zone}. */
  get host(): string {
    const host = bare(this.service.hostname);
    return this.zone === undefined ? host : `${host}%${this.zone}`;
  }

  /**
   * An http(s) address that the device named, kept on the device.
   * @throws NightjarError `protocol` for what is no such address
   */
  http(text: string | undefined): string {
    const url = read(text, /^https?:$/);
    if (!this.mayName(url.hostname)) return this.moved(url).href;
    // Who was reached by TLS is not answered in the clear.
    if (this.service.protocol === 'https:' && url.protocol === 'http:') return this.moved(url).href;
    return url.href;
  }

  /**
   * An rtsp(s) address that the device named, kept on the device; its port stays. With {@link zone}: it is asked by others.
   * Throws as {@link http}.
   */
  rtsp(text: string | undefined): string {
    const url = read(text, /^rtsps?:$/);
    if (this.mayName(url.hostname)) return withZone(url.href, this.zone);
    // `hostname` of a scheme that is not special cannot always be set: write it.
    const port = url.port === '' ? '' : `:${url.port}`;
    const moved = `${url.protocol}//${this.service.hostname}${port}${url.pathname}${url.search}`;
    return withZone(moved, this.zone);
  }

  private mayName(hostname: string): boolean {
    const host = bare(hostname).toLowerCase();
    return (
      host === bare(this.service.hostname) ||
      this.allowHosts.some((one) => one.toLowerCase() === host)
    );
  }

  /** The same path at the device service. */
  private moved(url: URL): URL {
    const moved = new URL(this.service.href);
    moved.pathname = url.pathname;
    moved.search = url.search;
    return moved;
  }
}

/** Userinfo is dropped: the login is ours, not the device's. */
function read(text: string | undefined, scheme: RegExp): URL {
  // The zone that a device may write is one of its own interfaces.
  const trimmed = splitZone(text?.trim() ?? '').url;
  const url =
    trimmed.length <= MAX_URL_CHARS && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url === undefined || url.hostname === '' || !scheme.test(url.protocol))
    throw new NightjarError('protocol', 'discovery/bad-url', 'the device names no usable address');
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** Whether whoever listens on the way sees nothing. */
export function isSecure(url: string): boolean {
  return /^(https|rtsps):/i.test(url);
}

/** Of a device whose certificate is known those addresses at which it is shown: at others somebody else may answer. */
export function secureIfPinned(
  urls: readonly string[],
  trust: { readonly fingerprint: string | undefined } | undefined,
): readonly string[] {
  const secure = trust?.fingerprint === undefined ? [] : urls.filter(isSecure);
  return secure.length > 0 ? secure : urls;
}
