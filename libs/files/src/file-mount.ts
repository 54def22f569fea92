import type {
  Mount,
  MountAccess,
  MountDescription,
  MountMedia,
  MountStream,
  StreamOutput,
} from '@nightjar/relay';
import { PLAY_SCALE, PLAY_SPEED, printRange } from '@nightjar/rtsp';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { FILES } from './access-name.js';
import type { FileDescription } from './file-library.js';
import { scalesOf } from './file-plan.js';
import { FileStream, type FilePlayOptions } from './file-stream.js';

/** A media file as an RTSP mount, for one session. No file is open before it is played. */
export class FileMount implements Mount {
  readonly kind = 'playback' as const;
  readonly features = [PLAY_SCALE, PLAY_SPEED];
  readonly access: readonly MountAccess[] = [{ action: 'playback', camera: FILES }];
  readonly countedAs: string;
  private described: FileDescription | undefined;

  constructor(private readonly options: FilePlayOptions) {
    this.countedAs = `${FILES}/${options.name}`;
  }

  async describe(): Promise<MountDescription> {
    const { library, name } = this.options;
    const described = await library.describe(name);
    this.described = described;
    return {
      name: path.posix.basename(name),
      sessionId: sessionIdOf(described.identity),
      sessionVersion: 1,
      range: [rangeOf(described)],
      tracks: described.formats.map((format) => ({ format, control: '', direction: 'recvonly' })),
    };
  }

  media(): MountMedia {
    const described = this.described!;
    const scales = scalesOf(described);
    return {
      properties: {
        seeking: described.seekable ? 'random' : 'beginning',
        content: 'immutable',
        retention: 'unlimited',
        ...(scales && { scales: [scales] }),
      },
      ranges: [rangeOf(described)],
      units: ['npt'],
    };
  }

  open(output: StreamOutput): MountStream {
    // SETUP described the mount before PLAY could open it.
    return new FileStream({ ...this.options, description: this.described!, output });
  }
}

function rangeOf(described: FileDescription): string {
  return printRange({ unit: 'npt', start: 0, end: endOf(described) });
}

/** A range with an open end says that nothing but the start can be asked for (RFC 2326 s.C.1.5). */
function endOf({ durationMs, seekable }: FileDescription): number | undefined {
  return durationMs === undefined || !seekable ? undefined : durationMs / 1000;
}

/** Digits that stay the same as long as the file does. */
function sessionIdOf(identity: string): string {
  return String(createHash('sha256').update(identity).digest().readUIntBE(0, 6));
}
