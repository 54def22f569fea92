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
  /** Media before the answer to PLAY: the first picture (v4l2rtspserver), or what an older session left (Reolink). */
  readonly earlyMedia: 'take' | 'drop';
  /**
   * The marker of pictures of H.264 and H.265; `ignore`: a timestamp alone tells them apart. field: a marker on each slice
   * (OpenIPC).
   */
  readonly marker: 'believe' | 'ignore';
  /** Where the timestamps of pictures come from. field: clocks that stand, jump all the time, or tick at another rate. */
  readonly pictureTimes: 'camera' | 'arrival';
  /** Where the parameter sets come from first. field: descriptions that have those of another resolution. */
  readonly parameterSets: 'sdp' | 'stream';
  /** Which rate AAC's timestamps have, where its configuration and its rtpmap differ. */
  readonly aacClock: 'config' | 'rtpmap';
  /** `absent`: a packet is one access unit without AU headers (RFC 3640 s.3.2.1), which can look as if it had them. */
  readonly aacHeaders: 'auto' | 'absent';
  /** Order of the bits of G.726: as its name says, or one whatever it says (RFC 3551 s.4.5.4). */
  readonly g726Packing: 'named' | 'rfc3551' | 'aal2';
  /** Order of the bytes of 16-bit samples: as its name says (`L16`: big-endian, `PCM`: little-endian), or one whatever it says. */
  readonly pcmOrder: 'named' | 'big-endian' | 'little-endian';
}

export const DEFAULT_MEDIA_POLICY: MediaPolicy = {
  unknownSsrc: 'lasting',
  unassignedChannel: 'drop',
  senderReports: 'own',
  receiverReports: 'send',
  goodbye: 'believe',
  earlyMedia: 'take',
  marker: 'believe',
  pictureTimes: 'camera',
  parameterSets: 'sdp',
  aacClock: 'config',
  aacHeaders: 'auto',
  g726Packing: 'named',
  pcmOrder: 'named',
};
