/** What is made of media and reports that are not as they should be. Each has a name and a default; none goes by the name of a maker. */
export interface MediaPolicy {
  /**
   * Packets of another SSRC than the first: `lasting` takes one that sends alone for a while for a new stream, `drop` none,
   * `follow` each at once. field: packets of an older session (Reolink); cameras that change it with each picture.
   */
  readonly unknownSsrc: 'lasting' | 'drop' | 'follow';
  /** Frames of a channel that was not agreed on; `reconnect`: the camera has mixed up its sessions. */
  readonly unassignedChannel: 'drop' | 'reconnect';
  /** Whose sender reports count, if any. field: reports under an SSRC of their own (Tapo); times that are invented. */
  readonly senderReports: 'own' | 'any' | 'ignore';
  /** field: cameras that take a report for a request that they do not know, and close. */
  readonly receiverReports: 'send' | 'off';
  /** A goodbye of the stream; `ignore`: the camera says it and goes on. */
  readonly goodbye: 'believe' | 'ignore';
}

export const DEFAULT_MEDIA_POLICY: MediaPolicy = {
  unknownSsrc: 'lasting',
  unassignedChannel: 'drop',
  senderReports: 'own',
  receiverReports: 'send',
  goodbye: 'believe',
};
