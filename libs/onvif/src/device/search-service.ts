import type { Clock } from '@nightjar/common';
import { invalidValue, SoapFault } from '../soap/fault.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import {
  findRecording,
  recordingInformation,
  trackInformation,
  tracksOf,
} from './archive-nodes.js';
import {
  VIDEO_TRACK,
  type ArchivePort,
  type RecordedEvent,
  type Recording,
} from './archive-port.js';
import {
  booleanAt,
  dateTimeAt,
  durationAt,
  numberAt,
  optional,
  printDateTime,
  required,
} from './arguments.js';
import { notificationContent, topicsWantedBy } from './notification.js';
import type { Call, Operation, Service } from './operation.js';
import { SearchSessions, type Search } from './search-sessions.js';

const MAX_RESULTS = 100;
const MAX_MATCHES = 100_000;
const DEFAULT_WAIT_MS = 5_000;
const MAX_WAIT_MS = 60_000;
const RECORDINGS = 'recordings';
const EVENTS = 'events';

interface FoundEvent extends RecordedEvent {
  readonly isStartState: boolean;
}

/** Finds footage and what happened in it. ONVIF Recording Search. */
export function searchService<C>(
  port: ArchivePort<C>,
  { clock }: { readonly clock: Clock },
): Service<C> {
  const desk = new SearchDesk(port, clock);
  const read = (answer: Operation<C>['answer']): Operation<C> => ({ access: 'READ_MEDIA', answer });
  const capabilities = (): XmlNode =>
    withAttributes(xml('tse:Capabilities'), { MetadataSearch: false, GeneralStartEvents: true });
  return {
    prefix: 'tse',
    path: 'search_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('tse:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetRecordingSummary: read((call) => desk.summary(call)),
      GetRecordingInformation: read(async ({ request, caller }) => {
        const recording = findRecording(
          await port.recordings(caller),
          required(request, 'RecordingToken'),
        );
        return xml(
          'tse:GetRecordingInformationResponse',
          recordingInformation('tse:RecordingInformation', recording),
        );
      }),
      GetMediaAttributes: read((call) => desk.attributes(call)),
      FindRecordings: read((call) => desk.findRecordings(call)),
      GetRecordingSearchResults: read((call) => desk.recordingResults(call)),
      FindEvents: read((call) => desk.findEvents(call)),
      GetEventSearchResults: read((call) => desk.eventResults(call)),
      GetSearchState: read((call) =>
        xml('tse:GetSearchStateResponse', xml('tse:State', stateOf(desk.searchOf(call)))),
      ),
      EndSearch: read((call) => {
        desk.searchOf(call).end();
        return xml('tse:EndSearchResponse', xml('tse:Endpoint', printDateTime(clock.wallMs())));
      }),
    },
  };
}

function stateOf<T>({ completed }: Search<T>): 'Completed' | 'Searching' {
  return completed ? 'Completed' : 'Searching';
}

class SearchDesk<C> {
  private readonly sessions: SearchSessions;

  constructor(
    private readonly port: ArchivePort<C>,
    private readonly clock: Clock,
  ) {
    this.sessions = new SearchSessions(clock);
  }

  async summary({ caller }: Call<C>): Promise<XmlNode> {
    const recordings = await this.port.recordings(caller);
    const bounds = (pick: (one: Recording) => number | undefined): number[] =>
      recordings.flatMap((one) => pick(one) ?? []);
    const nowMs = this.clock.wallMs();
    const from = Math.min(nowMs, ...bounds(({ earliestMs }) => earliestMs));
    const latest = bounds(({ latestMs }) => latestMs);
    return xml(
      'tse:GetRecordingSummaryResponse',
      xml(
        'tse:Summary',
        xml('tt:DataFrom', printDateTime(from)),
        xml('tt:DataUntil', printDateTime(latest.length === 0 ? nowMs : Math.max(...latest))),
        xml('tt:NumberRecordings', recordings.length),
      ),
    );
  }

  async attributes({ request, caller }: Call<C>): Promise<XmlNode> {
    const recordings = await this.port.recordings(caller);
    const atMs = dateTimeAt(request, 'Time');
    if (atMs === undefined) throw invalidValue('Time is missing', 'ter:InvalidTime');
    const tokens = request.childrenNamed('RecordingTokens').map(({ text }) => text.trim());
    const wanted =
      tokens.length === 0 ? recordings : tokens.map((token) => findRecording(recordings, token));
    const nodes: XmlNode[] = [];
    for (const recording of wanted.slice(0, MAX_RESULTS)) {
      const node = await this.attributesOf(recording, atMs);
      if (node !== undefined) nodes.push(node);
    }
    return xml('tse:GetMediaAttributesResponse', nodes);
  }

  async findRecordings(call: Call<C>): Promise<XmlNode> {
    const recordings = await this.scopeOf(call);
    const token = this.begin(call, RECORDINGS, each(recordings));
    return xml('tse:FindRecordingsResponse', xml('tse:SearchToken', token));
  }

  async recordingResults(call: Call<C>): Promise<XmlNode> {
    const search = this.searchOf<Recording>(call, RECORDINGS);
    const found = await this.take(search, call);
    return xml(
      'tse:GetRecordingSearchResultsResponse',
      xml(
        'tse:ResultList',
        xml('tt:SearchState', stateOf(search)),
        found.map((one) => recordingInformation('tt:RecordingInformation', one)),
      ),
    );
  }

  async findEvents(call: Call<C>): Promise<XmlNode> {
    const { request } = call;
    const startMs = dateTimeAt(request, 'StartPoint');
    if (startMs === undefined) throw invalidValue('StartPoint is missing', 'ter:InvalidTime');
    const endMs = dateTimeAt(request, 'EndPoint') ?? this.clock.wallMs();
    const withStart = booleanAt(request, 'IncludeStartState') ?? false;
    const wants = topicsWantedBy(request.child('SearchFilter'));
    const recordings = await this.scopeOf(call);
    const { port } = this;
    const found = async function* (): AsyncGenerator<FoundEvent> {
      if (withStart) {
        for (const one of await port.statesAt(recordings, startMs))
          if (wants(one.event.topic)) yield { ...one, isStartState: true };
      }
      const backwards = endMs < startMs;
      const span = { startMs: Math.min(startMs, endMs), endMs: Math.max(startMs, endMs) };
      for await (const one of port.events(recordings, span, backwards))
        if (wants(one.event.topic)) yield { ...one, isStartState: false };
    };
    const token = this.begin(call, EVENTS, found());
    return xml('tse:FindEventsResponse', xml('tse:SearchToken', token));
  }

  async eventResults(call: Call<C>): Promise<XmlNode> {
    const search = this.searchOf<FoundEvent>(call, EVENTS);
    const found = await this.take(search, call);
    return xml(
      'tse:GetEventSearchResultsResponse',
      xml('tse:ResultList', xml('tt:SearchState', stateOf(search)), found.map(resultNode)),
    );
  }

  /** @throws SoapFault InvalidToken */
  searchOf<T>({ request, caller }: Call<C>, kind?: string): Search<T> {
    const token = required(request, 'SearchToken');
    const search = this.sessions.find<T>(token, this.port.ownerOf(caller), kind);
    if (search === undefined)
      throw new SoapFault('Sender', ['ter:InvalidArgVal', 'ter:InvalidToken'], 'no such search');
    return search;
  }

  private begin<T>({ request, caller }: Call<C>, kind: string, results: AsyncGenerator<T>): string {
    const maxMatches = numberAt(request, 'MaxMatches') ?? MAX_MATCHES;
    return this.sessions.begin({
      owner: this.port.ownerOf(caller),
      kind,
      results,
      keepAliveMs: durationAt(request, 'KeepAliveTime') ?? 0,
      maxMatches: Math.max(1, Math.min(maxMatches, MAX_MATCHES)),
    });
  }

  /** Numbers out of range are brought into it. */
  private take<T>(search: Search<T>, { request }: Call<C>): Promise<T[]> {
    const max = Math.max(1, Math.min(numberAt(request, 'MaxResults') ?? MAX_RESULTS, MAX_RESULTS));
    const waitMs = durationAt(request, 'WaitTime') ?? DEFAULT_WAIT_MS;
    return search.take(max, Math.max(0, Math.min(waitMs, MAX_WAIT_MS)));
  }

  /** Recordings that a search is about. */
  private async scopeOf({ request, caller }: Call<C>): Promise<readonly Recording[]> {
    const scope = request.child('Scope');
    const filter = scope && optional(scope, 'RecordingInformationFilter');
    if (filter !== undefined)
      throw invalidValue('recordings are not filtered', 'ter:InvalidFilterFault');
    const all = await this.port.recordings(caller);
    const texts = (name: string, ...below: string[]): string[] =>
      scope?.childrenNamed(name).map((one) => wordOf(one, ...below)) ?? [];
    const named = texts('IncludedRecordings');
    const sources = texts('IncludedSources', 'Token');
    return all.filter(
      ({ token, profile, sourceId }) =>
        (named.length === 0 || named.includes(token)) &&
        (sources.length === 0 || sources.includes(sourceId) || sources.includes(profile ?? '')),
    );
  }

  private async attributesOf(recording: Recording, atMs: number): Promise<XmlNode | undefined> {
    const media = await this.port.attributes(recording, atMs);
    if (media === undefined) return undefined;
    const { video, audio, startMs, endMs } = media;
    const videoNode =
      video &&
      xml(
        'tt:VideoAttributes',
        xml('tt:Bitrate', Math.round(video.kilobitsPerSecond)),
        xml('tt:Width', video.widthPixels),
        xml('tt:Height', video.heightPixels),
        xml('tt:Encoding', video.codec),
        xml('tt:Framerate', video.framesPerSecond),
      );
    const audioNode =
      audio &&
      xml(
        'tt:AudioAttributes',
        xml('tt:Bitrate', Math.round(audio.kilobitsPerSecond)),
        xml('tt:Encoding', audio.codec),
        xml('tt:Samplerate', Math.round(audio.sampleRateHz / 1000)),
      );
    const tracks = tracksOf({ ...recording, hasAudio: audio !== undefined });
    return xml(
      'tse:MediaAttributes',
      xml('tt:RecordingToken', recording.token),
      tracks.map((track) =>
        xml(
          'tt:TrackAttributes',
          trackInformation('tt:TrackInformation', track, startMs, endMs),
          track.type === 'Video' ? videoNode : audioNode,
        ),
      ),
      xml('tt:From', printDateTime(startMs)),
      xml('tt:Until', printDateTime(endMs)),
    );
  }
}

function wordOf(element: XmlElement, ...below: string[]): string {
  return element.textAt(...below) ?? '';
}

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

function resultNode({ recording, event, isStartState }: FoundEvent): XmlNode {
  return xml(
    'tt:Result',
    xml('tt:RecordingToken', recording.token),
    xml('tt:TrackToken', VIDEO_TRACK),
    xml('tt:Time', printDateTime(event.atMs)),
    xml('tt:Event', notificationContent(event)),
    xml('tt:StartStateEvent', isStartState),
  );
}
