import type { Tolerance } from '@nightjar/rtp';

/** What is borne in messages, descriptions and conversations, by names that stay. */
export const TOLERATED_SIGNALLING = {
  'space-behind-values': { seen: 'white space behind the values of headers', makers: 'Longse' },
  'space-before-session': {
    seen: 'much white space before the session id',
    makers: 'Hikvision',
  },
  'header-case': { seen: 'header names in another case: `Cseq`, `Content-length`' },
  'bare-line-feeds': { seen: 'lines that end in LF alone, and empty lines between messages' },
  'session-without-timeout': { seen: 'a session without a timeout', makers: 'Reolink' },
  'session-timeout-zero': { seen: 'a session whose timeout is 0' },
  'short-ssrc': { seen: 'an SSRC of seven digits behind a space', makers: 'Hikvision' },
  'ssrc-first': { seen: 'an SSRC before the protocol in Transport', makers: 'Luckfox' },
  'interleaved-without-tcp': { seen: 'interleaved channels of `RTP/AVP`', makers: 'Escam' },
  'single-channel': { seen: 'one interleaved channel where there should be two' },
  'neither-cast': { seen: 'a Transport that is neither unicast nor multicast' },
  'mode-receive': { seen: '`mode=receive` of who publishes', makers: 'live555' },
  'rtp-info-semicolon': { seen: 'a semicolon at the end of RTP-Info', makers: 'Longse, Laureii' },
  'rtp-info-relative': {
    seen: 'relative URLs, and an SSRC, in RTP-Info',
    makers: 'Dahua, Reolink',
  },
  'digest-without-qop': { seen: 'Digest in the form of RFC 2069, without qop' },
  'unquoted-challenge': { seen: 'a challenge without quotes, opaque or algorithm' },
  'challenge-each-request': { seen: '401 to every request, with another nonce each time' },
  'user-agent-wanted': { seen: '401 to who has no User-Agent' },

  'no-origin': { seen: 'an SDP without `o=`, and without `s=`', makers: 'Geovision', noted: true },
  'several-names': { seen: 'more than one `s=`' },
  'broken-connection-line': {
    seen: 'a `c=` or `t=` that is none',
    makers: 'FLIR, H3C, Avigilon',
  },
  'no-final-line-end': { seen: 'no line end at the end' },
  'space-behind-rtpmap': { seen: 'white space behind an rtpmap' },
  'empty-fmtp': { seen: 'an fmtp that says nothing', makers: 'Ubiquiti' },
  'fmtp-semicolon': { seen: 'a semicolon at the end of an fmtp', makers: 'Reolink' },
  'fmtp-first': { seen: 'an fmtp before its rtpmap', makers: 'Hikvision' },
  'fmtp-elsewhere': {
    seen: 'an fmtp in the section of another track, or behind another type',
    noted: true,
  },
  'foreign-section': {
    seen: 'a section of a protocol of its own, or that cannot be read',
    makers: 'TP-Link',
    noted: true,
  },
  'foreign-attributes': {
    seen: 'attributes of its own: `Media_header`, AES67, rtcp-fb',
    makers: 'Hikvision',
  },
  'control-anywhere': { seen: 'a control before or behind all else', makers: 'Luckfox' },
  'static-without-rtpmap': { seen: 'no rtpmap for a static type' },
  'static-type-2': { seen: 'type 2 for G.726-32, which was withdrawn' },
  'low-type': { seen: 'a video codec on type 35', makers: 'Bosch' },
  'g711-misnamed': { seen: 'PCMU named on the type of PCMA', noted: true },
  'opus-clock': { seen: 'Opus with another clock than 48 kHz', noted: true },
  'type-in-rtpmap-alone': { seen: 'an `m=` without type, an rtpmap with one' },
  'number-of-ports': { seen: 'a number of ports in `m=`' },
  'all-back-channels': { seen: 'every medium marked as a back channel', noted: true },
  'picture-as-back-channel': {
    seen: 'the picture marked as a back channel',
    makers: 'D-Link',
    noted: true,
  },

  'describe-before-setup': {
    seen: 'SETUP is refused on a connection without DESCRIBE',
    makers: 'Hikvision',
  },
  'options-unknown': { seen: 'OPTIONS is not known', noted: true },
  'no-content-type': { seen: 'a description without Content-Type' },
  'no-content-base': { seen: 'a description without a base for its controls' },
  'base-without-scheme': {
    seen: 'a base URL without scheme',
    makers: 'Anpviz, Anjvision',
    noted: true,
  },
  'base-with-two-schemes': { seen: 'a base URL with two schemes', noted: true },
  'base-with-mapped-address': {
    seen: 'an IPv4 address mapped into IPv6 in the base URL',
    noted: true,
  },
  'base-without-host': { seen: 'a base URL that is a path', noted: true },
  'base-with-login': { seen: 'user and password in the base URL', noted: true },
  'query-in-base': { seen: 'a query inside the base URL, the control behind it', makers: 'Dahua' },
  'control-with-slash': { seen: 'a control that begins with a slash and is relative all the same' },
  'no-track-control': { seen: 'one track without a control of its own', makers: 'Foscam' },
  'no-cseq': { seen: 'answers without CSeq, or with a wrong one', noted: true },
  'no-session': { seen: 'no session at all' },
  'session-per-setup': { seen: 'another session with each SETUP', noted: true },
  'no-server-ports': {
    seen: 'UDP without ports of the server, or with ports that are 0',
    makers: 'OpenIPC, Luckfox',
    noted: true,
  },
  'other-channels': { seen: 'other channels than were asked for' },
  'bare-transport': { seen: '`RTP/AVP;unicast` for an answer to TCP, without its channels' },
  'channels-twice': { seen: 'the same channels for two tracks: one of them goes', noted: true },
  'sound-refused': {
    seen: 'no sound for a second client: it plays without',
    makers: 'Dahua',
    noted: true,
  },
  'back-channel-refused': {
    seen: 'the back channel is refused, for there is one talker already: it plays without',
    makers: 'Dahua, Amcrest',
    noted: true,
  },
  'unasked-back-channel': { seen: 'a back channel that nobody asked for', noted: true },
  'unfragmented-over-udp': {
    seen: 'H.264 that is not fragmented offered over UDP: TCP is asked for',
    noted: true,
  },
  'own-key-wanted': {
    seen: 'SRTP with a key of the client and its identifier, nothing else',
    makers: 'Axis',
  },
  'srtp-in-the-open': {
    seen: 'SRTP described on a connection without TLS: it is asked for without',
    makers: 'Ubiquiti',
  },
  'range-refused': { seen: '456 or 457 to the Range of PLAY: it is asked without', noted: true },
  'keep-alive-unknown': { seen: 'a keep-alive that is not known', noted: true },
  'keep-alive-unanswered': { seen: 'a keep-alive that nobody answers' },
  'rtp-info-untrue': {
    seen: 'RTP-Info with numbers that are not those of the first packet',
    makers: 'Hikvision, Tapo',
  },
  'rtp-info-elsewhere': {
    seen: 'RTP-Info with the URL of something else',
    makers: 'Foscam, GW Security',
  },
  'rtp-info-garbage': { seen: 'RTP-Info that is no such thing', makers: 'OMNY' },
} as const satisfies Readonly<Record<string, Tolerance>>;

export type SignallingTolerance = keyof typeof TOLERATED_SIGNALLING;

/** Told what was borne, at most a few times per conversation. */
export type NoteTolerance = (what: SignallingTolerance) => void;
