import { encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type {
  Mount,
  MountMedia,
  MountStream,
  Paused,
  PlayAnswer,
  PlayRequest,
  StreamOutput,
} from '../mount.js';

const track = (payloadType: number): SdpTrack => ({
  format: {
    kind: 'audio',
    codec: 'pcmu',
    payloadType,
    clockRateHz: 8000,
    channels: 1,
    encodingName: 'PCMU',
    fmtp: {},
  },
  control: '',
  direction: 'recvonly',
});

/** One RTP packet of the first track of a {@link TestMount}. */
export const rtp = (sequence: number): Buffer =>
  encodeRtp({ payloadType: 0, sequence, timestamp: 0, ssrc: 9, marker: false }, Buffer.alloc(4, 7));

/** A mount of two tracks that sends one packet and then plays nothing by itself: the test sends through its output. */
export class TestMount implements Mount {
  kind: Mount['kind'] = 'live';
  readonly outputs: StreamOutput[] = [];
  readonly plays: PlayRequest[] = [];
  readonly pauses: Parameters<MountStream['pause']>[0][] = [];
  features: readonly string[] = [];
  answer: Partial<PlayAnswer> = {};
  paused: Paused = {};
  allows: MountMedia = {
    properties: { seeking: 'none', content: 'progressing', retention: { seconds: 0 } },
    ranges: ['npt=now-'],
    units: ['npt'],
  };
  closed = 0;
  /** Called within each PLAY. */
  onPlay: (output: StreamOutput) => void = () => undefined;

  constructor(private readonly trackCount = 2) {}

  describe(): ReturnType<Mount['describe']> {
    return Promise.resolve({
      name: 'test',
      sessionId: '1',
      sessionVersion: 1,
      tracks: [track(0), track(96), track(97)].slice(0, this.trackCount),
    });
  }

  media(): MountMedia {
    return this.allows;
  }

  open(output: StreamOutput): MountStream {
    this.outputs.push(output);
    return {
      play: (request) => {
        this.plays.push(request);
        output.send(0, rtp(1), false);
        output.flush();
        this.onPlay(output);
        return Promise.resolve({
          rtpInfo: [{ track: 0, ssrc: 9, seq: 1, rtptime: 0 }],
          ...this.answer,
        });
      },
      pause: (at) => {
        this.pauses.push(at);
        return Promise.resolve(this.paused);
      },
      close: () => {
        this.closed++;
      },
    };
  }
}
