import { invalidValue } from '../soap/fault.js';
import { xml, type TagName, type XmlNode } from '../xml/print-xml.js';
import { printDateTime } from './arguments.js';
import { AUDIO_TRACK, VIDEO_TRACK, type Recording } from './archive-port.js';

/** @throws SoapFault NoRecording */
export function findRecording(recordings: readonly Recording[], token: string): Recording {
  const found = recordings.find((one) => one.token === token);
  if (found === undefined) throw invalidValue(`no recording ${token}`, 'ter:NoRecording');
  return found;
}

export interface Track {
  readonly token: string;
  readonly type: 'Video' | 'Audio';
}

export function tracksOf({ hasAudio }: Recording): readonly Track[] {
  const video: Track = { token: VIDEO_TRACK, type: 'Video' };
  return hasAudio ? [video, { token: AUDIO_TRACK, type: 'Audio' }] : [video];
}

export function sourceNode(tag: TagName, recording: Recording): XmlNode {
  const { sourceId, name, location, description } = recording;
  return xml(
    tag,
    xml('tt:SourceId', sourceId),
    xml('tt:Name', name),
    xml('tt:Location', location),
    xml('tt:Description', description),
    xml('tt:Address', sourceId),
  );
}

export function trackInformation(
  tag: TagName,
  { token, type }: Track,
  fromMs: number,
  toMs: number,
): XmlNode {
  return xml(
    tag,
    xml('tt:TrackToken', token),
    xml('tt:TrackType', type),
    xml('tt:Description', type),
    xml('tt:DataFrom', printDateTime(fromMs)),
    xml('tt:DataTo', printDateTime(toMs)),
  );
}

export function recordingInformation(tag: TagName, recording: Recording): XmlNode {
  const { token, earliestMs, latestMs, growing, description } = recording;
  const known = earliestMs !== undefined && latestMs !== undefined;
  return xml(
    tag,
    xml('tt:RecordingToken', token),
    sourceNode('tt:Source', recording),
    known ? xml('tt:EarliestRecording', printDateTime(earliestMs)) : undefined,
    known ? xml('tt:LatestRecording', printDateTime(latestMs)) : undefined,
    xml('tt:Content', description),
    known
      ? tracksOf(recording).map((track) =>
          trackInformation('tt:Track', track, earliestMs, latestMs),
        )
      : undefined,
    xml('tt:RecordingStatus', growing ? 'Recording' : known ? 'Stopped' : 'Initiated'),
  );
}
