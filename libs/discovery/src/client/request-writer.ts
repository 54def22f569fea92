import onvif, { type Cam } from 'onvif';
import { NightjarError } from '@nightjar/common';

/** A request as the onvif package writes it: without a login, not sent. */
export interface WrittenRequest {
  /** Key of the service it goes to; undefined: the device service. */
  readonly service: string | undefined;
  readonly action: string;
  readonly envelope: string;
}

/** Where the package hands a written request to its own transport. Its version is pinned. */
const SEND = '_requestPart2';

/**
 * Lets the onvif package write requests. Its transport, its logins and its reading of answers are not used: they bound
 * nothing, know neither clocks nor other hosts, and take serial numbers for numbers.
 */
export class RequestWriter {
  private readonly cam: Cam;
  private taken: WrittenRequest[] = [];

  constructor() {
    this.cam = new onvif.Cam({ hostname: 'device', autoconnect: false, useWSSecurity: false });
    Object.defineProperty(this.cam, SEND, {
      value: (options: { service?: string; action: string; body: string }) => {
        const { service, action, body } = options;
        this.taken.push({ service, action, envelope: body });
      },
    });
  }

  /**
   * @param call of one method of the package; texts in its options are {@link escaped}
   * @param media2 whether methods of media write requests for Media2
   */
  write(call: (cam: Cam) => void, media2 = false): WrittenRequest {
    this.taken = [];
    Object.assign(this.cam, { media2Support: media2 });
    call(this.cam);
    const [written] = this.taken;
    if (written === undefined)
      throw new NightjarError(
        'internal',
        'discovery/not-written',
        'the onvif package wrote nothing',
      );
    return written;
  }
}

/** What the package does with answers, which it never gets. */
export const UNUSED = (): void => undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text for the package, which writes it into XML as it is. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? '');
}
