/** What the server tells its surroundings; every call is cheap and synchronous. */
export interface RtspServerEvents {
  request?(method: string, status: number): void;
  /** An error that is a defect of ours, not of a client. */
  failed?(error: unknown): void;
}
