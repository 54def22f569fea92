import {
  requireAccess,
  signedUrls,
  signGrant,
  type AccessPolicy,
  type Principal,
  type SignedAction,
  type SignedUrls,
} from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import { printDuration, type NightjarConfig } from '@nightjar/config';
import type { Logger } from '@nightjar/monitoring';

export interface SignedUrlView {
  readonly expires: string;
  /** The value of the query parameter `token`. */
  readonly token: string;
  readonly urls: SignedUrls;
}

export interface SignedUrlRequest {
  readonly action: SignedAction;
  readonly stream?: string | undefined;
  /** Validity from now on, milliseconds. */
  readonly for: number;
  readonly address?: string | undefined;
  /** Unix epoch in milliseconds. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

function spanOf({ action, start = -Infinity, end = Infinity }: SignedUrlRequest) {
  return action === 'playback' ? { startMs: start, endMs: end } : undefined;
}

/** Lends what somebody may do to whoever has an address, for a while. */
export class SignedUrlsService {
  constructor(
    private readonly parts: {
      readonly policy: AccessPolicy;
      readonly key: Buffer;
      readonly config: () => NightjarConfig;
      readonly clock: Clock;
      readonly log: Pick<Logger, 'info'>;
    },
  ) {}

  /**
   * @param from under which names the client reaches us
   * @throws NightjarError `unauthenticated` or `forbidden` for who may not control the camera and do what is lent,
   *   `not-found`, or `invalid` for a validity that is too long
   */
  create(
    principal: Principal | undefined,
    camera: string,
    request: SignedUrlRequest,
    from: { readonly hostname: string; readonly host: string },
  ): SignedUrlView {
    const { policy, key, config, clock, log } = this.parts;
    const { action, stream, address, start: startMs, end: endMs } = request;
    requireAccess(policy, principal, 'control', camera);
    requireAccess(policy, principal, action, camera);
    const { cameras, access, rtsp } = config();
    const declared = Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
    if (action === 'view' && declared?.streams[stream ?? 'main'] === undefined)
      throw new NightjarError('not-found', 'control/no-such-stream', 'there is no such stream');
    const { maxAgeMs } = access.signedUrls;
    if (request.for <= 0 || request.for > maxAgeMs)
      throw new NightjarError(
        'invalid',
        'control/url-age',
        `for must be between 1ms and ${printDuration(maxAgeMs)} (access.signedUrls.maxAge)`,
      );
    const expiresAtMs = Math.ceil((clock.wallMs() + request.for) / 1000) * 1000;
    const issuer = principal?.name;
    const token = signGrant(
      { action, camera, span: spanOf(request), expiresAtMs, issuer, address },
      key,
    );
    const expires = new Date(expiresAtMs).toISOString();
    log.info({ camera, action, expires, address, setBy: issuer }, 'a URL was signed');
    const urls = signedUrls({ action, camera, stream, startMs, endMs }, token, {
      rtsp: `${from.hostname}:${rtsp.port}`,
      http: from.host,
    });
    return { expires, token, urls };
  }
}
