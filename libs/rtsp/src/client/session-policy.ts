/** How a server that has its ways is talked to. Each has a name and a default; none goes by the name of a maker. */
export interface SessionPolicy {
  /** `never`: the connection is closed without a word. field: servers that end the sessions of others with ours. */
  readonly teardown: 'always' | 'never';
  /** `auto`: GET_PARAMETER where the server says that it has it, else OPTIONS. field: servers that close on either. */
  readonly keepAlive: 'auto' | 'get-parameter' | 'options' | 'off';
  /** Which one counts, where a server names another session with each SETUP. */
  readonly sessionId: 'first' | 'latest';
}

export const DEFAULT_SESSION_POLICY: SessionPolicy = {
  teardown: 'always',
  keepAlive: 'auto',
  sessionId: 'first',
};
