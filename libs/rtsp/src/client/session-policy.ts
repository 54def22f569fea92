/** How a server that has its ways is talked to. Each has a name and a default; none goes by the name of a maker. */
export interface SessionPolicy {
  /** `never`: the connection is closed without a word. field: servers that end the sessions of others with ours. */
  readonly teardown: 'always' | 'never';
  /** `auto`: GET_PARAMETER where the server says that it has it, else OPTIONS. field: servers that close on either. */
  readonly keepAlive: 'auto' | 'get-parameter' | 'options' | 'off';
  /** Which one counts, where a server names another session with each SETUP. */
  readonly sessionId: 'first' | 'latest';
  /** Which challenge is answered where there are several. field: servers whose SHA-256, or whose Digest, is wrong. */
  readonly authentication: 'strongest' | 'digest-md5' | 'basic';
  /** What controls are relative to: what DESCRIBE names, or the URL that was asked for, which is that of the whole then. */
  readonly controlBase: 'given' | 'asked';
  /** `append`: behind the base, also behind its query. `resolve`: by RFC 3986, so that the query goes. */
  readonly controlUrl: 'append' | 'resolve';
  /** What `a=sendonly` means: a way to the camera (ONVIF), or nothing. */
  readonly direction: 'onvif' | 'ignore';
  /** Range of PLAY: `auto` is from the start, and from now on where there is a back channel. */
  readonly playRange: 'auto' | 'start' | 'now' | 'none';
}

export const DEFAULT_SESSION_POLICY: SessionPolicy = {
  teardown: 'always',
  keepAlive: 'auto',
  sessionId: 'first',
  authentication: 'strongest',
  controlBase: 'given',
  controlUrl: 'append',
  direction: 'onvif',
  playRange: 'auto',
};
