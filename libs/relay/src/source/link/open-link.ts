import type { SourceUrl } from '../source-url.js';
import type { CameraLink, LinkEvents, LinkVia } from './camera-link.js';
import type { CameraTrust } from './camera-trust.js';
import { DirectLink } from './direct-link.js';
import { HttpTunnelLink } from './http-tunnel-link.js';
import { WebSocketLink } from './web-socket-link.js';

const VIA_URL =
  /^(https?|wss?):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^/?:@#\s[\]]+)(?::(\d{1,5}))?([/?]\S*)?$/i;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };

export interface LinkOptions {
  readonly target: SourceUrl;
  readonly via: LinkVia;
  /** Where the tunnel or WebSocket goes, where that is another place than the URL of the stream says. */
  readonly viaUrl: string | undefined;
  readonly trust: CameraTrust | undefined;
}

/** Whether all that goes to the camera goes through TLS: a tunnel has a scheme of its own. */
export function isSecureLink({ target, via, viaUrl }: LinkOptions): boolean {
  const [, scheme] = via === 'direct' ? [] : (VIA_URL.exec(viaUrl ?? '') ?? []);
  return scheme === undefined ? target.secure : /^(?:https|wss)$/i.test(scheme);
}

/** Connects to a camera in the way that its stream is configured for. */
export function openLink(
  { target, via, viaUrl, trust }: LinkOptions,
  events: LinkEvents,
): CameraLink {
  const { host, port, secure, path } = target;
  if (via === 'direct') return new DirectLink({ host, port, secure, trust }, events);
  const [, scheme = '', , ownPort, ownPath] = VIA_URL.exec(viaUrl ?? '') ?? [];
  const address =
    scheme === ''
      ? { host, port, secure, trust }
      : {
          // The host of the stream, after a redirect too: nothing goes elsewhere.
          host,
          port: Number(ownPort ?? DEFAULT_PORTS[scheme.toLowerCase()]),
          secure: /^(?:https|wss)$/i.test(scheme),
          trust,
        };
  const ask = ownPath ?? path;
  const absolute = ask.startsWith('/') ? ask : `/${ask}`;
  return via === 'http'
    ? new HttpTunnelLink(address, absolute, events)
    : new WebSocketLink(address, absolute, events);
}
