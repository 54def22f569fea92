import { NightjarError } from '@nightjar/common';
import type { Authenticator } from '@nightjar/relay';
import { DigestVerifier, ha1 } from '@nightjar/rtsp';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const REALM = 'camsim';

/** The one login of all simulated cameras, by Digest. Without credentials everybody is let in. */
export class CameraLogin implements Authenticator {
  private readonly verifier: DigestVerifier;

  /** @param denies whether the camera of this RTSP URL refuses whatever password it gets */
  constructor(
    private readonly credentials: Credentials | undefined,
    private readonly denies: (uri: string) => boolean,
    now: () => number,
  ) {
    this.verifier = new DigestVerifier({ realm: REALM, now });
  }

  get required(): boolean {
    return this.credentials !== undefined;
  }

  identify(
    request: Parameters<Authenticator['identify']>[0],
  ): ReturnType<Authenticator['identify']> {
    const { header, method, uri, peer } = request;
    if (header === undefined) return undefined;
    if (this.denies(uri))
      throw new NightjarError('unauthenticated', 'camsim/login', 'wrong password');
    const { credentials } = this;
    if (credentials === undefined) return undefined;
    const { username, password } = credentials;
    const result = this.verifier.verify({
      header,
      method,
      uri,
      peer,
      secretOf: (name, algorithm) =>
        name === username ? ha1(username, REALM, password, algorithm) : undefined,
    });
    if (result.ok) return { name: username };
    throw new NightjarError('unauthenticated', 'camsim/login', `login refused: ${result.reason}`, {
      stale: result.reason === 'stale' ? 1 : 0,
    });
  }

  challenges({ peer }: { readonly peer: string }, stale: boolean): string[] {
    return this.verifier.challenges(peer, stale);
  }
}
