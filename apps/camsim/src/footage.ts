import { loadClip, loadVideo } from './clip.js';
import type { ClipTrack, VideoCodec } from './clip.js';
import { buildLoop } from './media-loop.js';
import type { MediaLoop } from './media-loop.js';
import { syntheticVideo } from './synthetic.js';
import type { SyntheticOptions } from './synthetic.js';

/** Name of the footage that benchmarks use. */
export const SYNTHETIC = 'synthetic';
const OTHER_CLIP = 'other';
const OTHER_SYNTHETIC_CLIP = 'synthetic-other';

/** Makes media loops by name, each once: cameras that film the same share it. */
export class Footage {
  private readonly loops = new Map<string, MediaLoop>();

  constructor(private readonly synthetic: SyntheticOptions) {}

  /** `synthetic` or the name of a clip. Throws NightjarError `not-found` or `invalid`. */
  loop(name: string): MediaLoop {
    return this.once(name, () => this.tracks(name));
  }

  /** The same with a video of another resolution. */
  otherLoop(name: string): MediaLoop {
    return this.once(`${name} ${OTHER_CLIP}`, () => {
      if (name === SYNTHETIC) return [syntheticVideo(this.synthetic, OTHER_SYNTHETIC_CLIP)];
      const [video, ...sound] = loadClip(name);
      return [loadVideo(OTHER_CLIP, codecOf(video)), ...sound];
    });
  }

  private tracks(name: string): ClipTrack[] {
    return name === SYNTHETIC ? [syntheticVideo(this.synthetic)] : loadClip(name);
  }

  private once(key: string, make: () => ClipTrack[]): MediaLoop {
    const loop = this.loops.get(key) ?? buildLoop(make());
    this.loops.set(key, loop);
    return loop;
  }
}

function codecOf(video: ClipTrack | undefined): VideoCodec {
  return video?.config.codec === 'h265' ? 'h265' : 'h264';
}
