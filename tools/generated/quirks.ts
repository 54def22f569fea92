import { quirkPolicies, type QuirkPolicy } from '@nightjar/config';
import { TOLERATED_MEDIA } from '@nightjar/relay';
import { TOLERATED_PAYLOADS, type Tolerance } from '@nightjar/rtp';
import { TOLERATED_SIGNALLING } from '@nightjar/rtsp';

const INTRODUCTION = `# Quirks of cameras

<!-- Made from the code by \`npm run generate\`; do not edit. -->
<!-- prettier-ignore-start -->

What cameras do that they should not. Where one reading does good to all it is borne always, under a name that stays. Where what
helps one camera would harm another there is a policy, per stream: \`cameras.<camera>.streams.<stream>.quirks\`, with a default that
suits a camera that has no ways of its own. Makers are those whose cameras are known for it; no code asks for a maker.

\`npx nightjar probe CAMERA\` names the quirks that a camera showed and that are noted, and so does the log where it says
\`camera is online\`. The last column links what shows each of them, by its name.
`;

/** Who needs a policy. */
interface Need {
  readonly seen: string;
  readonly makers?: string;
}

const NEEDS: Readonly<Record<QuirkPolicy['name'], Need>> = {
  teardown: { seen: 'has one session for all: TEARDOWN ends those of others' },
  keepAlive: {
    seen: 'says that it has GET_PARAMETER and closes on it, or has it and does not say so',
    makers: 'GW Security; servers of VLC',
  },
  sessionId: { seen: 'names another session with each SETUP, and expects the newest' },
  unknownSsrc: {
    seen: 'sends what an older session left, or changes its SSRC without a word',
    makers: 'Reolink',
  },
  unassignedChannel: {
    seen: 'mixes up its sessions on one connection',
    makers: 'live555 before 2017',
  },
  senderReports: {
    seen: 'reports under another SSRC than it sends, or invents times',
    makers: 'Tapo',
  },
  receiverReports: { seen: 'closes when it gets reports' },
  goodbye: { seen: 'says BYE and goes on' },
  authentication: { seen: 'offers SHA-256, or Digest, and does it wrong' },
  controlBase: {
    seen: 'names a base that it does not know itself by, as behind NAT, or does not like the slash at its end',
    makers: 'PTZOptics',
  },
  controlUrl: { seen: 'wants URLs of tracks made by the book: without the query of the base' },
  direction: { seen: 'marks its microphone `sendonly`, meaning that it sends it' },
  playRange: { seen: 'takes a Range for a seek, or plays nothing with one it does not know' },
  earlyMedia: {
    seen: 'sends what an older session left before it answers PLAY, or its first picture',
    makers: 'Reolink; v4l2rtspserver',
  },
  marker: { seen: 'marks each slice of a picture', makers: 'OpenIPC' },
  pictureTimes: { seen: 'has a clock that stands, jumps all the time, or runs at another rate' },
  parameterSets: { seen: 'describes parameter sets of another resolution' },
  aacClock: { seen: 'has another rate in the rtpmap than in the configuration of AAC' },
  aacHeaders: { seen: 'sends frames of AAC bare, which look as if they had headers' },
  g726Packing: { seen: 'packs G.726 in the order of the other name' },
  pcmOrder: { seen: 'sends L16 little-endian', makers: 'v4l2rtspserver; Hikvision, as `PCM`' },
};

const SESSION_POLICIES = '../../libs/rtsp/src/client/session-policy.spec.ts';
const MEDIA_POLICIES = '../../libs/relay/src/source/media-policy.spec.ts';
const OF_SESSIONS: ReadonlySet<string> = new Set<QuirkPolicy['name']>([
  'teardown',
  'keepAlive',
  'sessionId',
  'authentication',
  'controlBase',
  'controlUrl',
  'direction',
  'playRange',
]);

/** `docs/ref/quirks.md`: every policy and everything that is borne, with what shows it. */
export function renderQuirksReference(): string {
  return [
    INTRODUCTION,
    '## Policies\n',
    ...table(
      ['policy', 'a camera that', 'makers', 'default', 'other values', 'what they do', 'fixtures'],
      quirkPolicies().map(policyRow),
    ),
    ...tolerated(
      'Borne in conversations',
      TOLERATED_SIGNALLING,
      '../../libs/rtsp/src/quirks.spec.ts',
    ),
    ...tolerated('Borne in media', TOLERATED_MEDIA, '../../libs/relay/src/source/quirks.spec.ts'),
    ...tolerated('Borne in payloads', TOLERATED_PAYLOADS, '../../libs/rtp/src/quirks.spec.ts'),
    '<!-- prettier-ignore-end -->\n',
  ].join('\n');
}

function policyRow({ name, values, fallback, meaning }: QuirkPolicy): string[] {
  const { seen, makers = '' } = NEEDS[name];
  const others = values.filter((value) => value !== fallback).map(code);
  const spec = OF_SESSIONS.has(name) ? SESSION_POLICIES : MEDIA_POLICIES;
  return [
    code(name),
    seen,
    makers,
    code(fallback),
    others.join(', '),
    meaning,
    `[${name}](${spec})`,
  ];
}

function tolerated(
  title: string,
  tolerances: Readonly<Record<string, Tolerance>>,
  spec: string,
): string[] {
  const rows = Object.entries(tolerances).map(([name, { seen, makers = '', noted }]) => [
    code(name),
    seen,
    makers,
    noted === true ? 'yes' : '',
    `[${name}](${spec})`,
  ]);
  return [`## ${title}\n`, ...table(['name', 'what is seen', 'makers', 'noted', 'fixture'], rows)];
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line), ''];
}

function code(text: string): string {
  return `\`${text}\``;
}
