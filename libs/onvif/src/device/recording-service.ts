import { invalidValue } from '../soap/fault.js';
import { withAttributes, xml, type TagName, type XmlNode } from '../xml/print-xml.js';
import { findRecording, sourceNode, tracksOf, type Track } from './archive-nodes.js';
import type { ArchivePort, Recording } from './archive-port.js';
import { printDuration, required } from './arguments.js';
import type { Call, Operation, Service } from './operation.js';

const PROFILE_TYPE = 'http://www.onvif.org/ver10/schema/Profile';

/** Tells what is recorded and by what jobs; what they do is the configuration's business. ONVIF Recording Control. */
export function recordingService<C>(port: ArchivePort<C>): Service<C> {
  const read = (answer: (call: Call<C>) => Promise<XmlNode>): Operation<C> => ({
    access: 'READ_MEDIA',
    answer,
  });
  const capabilities = (): XmlNode =>
    withAttributes(xml('trc:Capabilities'), {
      DynamicRecordings: false,
      DynamicTracks: false,
      Options: true,
      MetadataRecording: false,
    });
  const recordingOf = async ({ request, caller }: Call<C>): Promise<Recording> =>
    findRecording(await port.recordings(caller), required(request, 'RecordingToken'));
  const jobOf = async ({ request, caller }: Call<C>): Promise<Recording> => {
    const token = required(request, 'JobToken');
    const found = (await port.recordings(caller)).find(
      (one) => one.priority !== undefined && jobToken(one) === token,
    );
    if (found === undefined) throw invalidValue(`no job ${token}`, 'ter:NoRecordingJob');
    return found;
  };
  return {
    prefix: 'trc',
    path: 'recording_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('trc:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetRecordings: read(async ({ caller }) =>
        xml(
          'trc:GetRecordingsResponse',
          (await port.recordings(caller)).map((one) =>
            xml(
              'trc:RecordingItem',
              xml('tt:RecordingToken', one.token),
              configuration('tt:Configuration', one),
              xml(
                'tt:Tracks',
                tracksOf(one).map((track) =>
                  xml(
                    'tt:Track',
                    xml('tt:TrackToken', track.token),
                    trackConfiguration('tt:Configuration', track),
                  ),
                ),
              ),
            ),
          ),
        ),
      ),
      GetRecordingConfiguration: read(async (call) =>
        xml(
          'trc:GetRecordingConfigurationResponse',
          configuration('trc:RecordingConfiguration', await recordingOf(call)),
        ),
      ),
      GetTrackConfiguration: read(async (call) => {
        const token = required(call.request, 'TrackToken');
        const track = tracksOf(await recordingOf(call)).find((one) => one.token === token);
        if (track === undefined) throw invalidValue(`no track ${token}`, 'ter:NoTrack');
        return xml(
          'trc:GetTrackConfigurationResponse',
          trackConfiguration('trc:TrackConfiguration', track),
        );
      }),
      GetRecordingOptions: read(async (call) => {
        await recordingOf(call);
        return xml(
          'trc:GetRecordingOptionsResponse',
          xml(
            'trc:Options',
            withAttributes(xml('trc:Job'), { Spare: 0 }),
            withAttributes(xml('trc:Track'), { SpareTotal: 0 }),
          ),
        );
      }),
      GetRecordingJobs: read(async ({ caller }) =>
        xml(
          'trc:GetRecordingJobsResponse',
          (await port.recordings(caller))
            .filter(({ priority }) => priority !== undefined)
            .map((one) =>
              xml(
                'trc:JobItem',
                xml('tt:JobToken', jobToken(one)),
                job('tt:JobConfiguration', one),
              ),
            ),
        ),
      ),
      GetRecordingJobConfiguration: read(async (call) =>
        xml(
          'trc:GetRecordingJobConfigurationResponse',
          job('trc:JobConfiguration', await jobOf(call)),
        ),
      ),
      GetRecordingJobState: read(async (call) =>
        xml('trc:GetRecordingJobStateResponse', jobState(await jobOf(call))),
      ),
    },
  };
}

function jobToken({ token }: Recording): string {
  return `job_${token}`;
}

function configuration(tag: TagName, recording: Recording): XmlNode {
  return xml(
    tag,
    sourceNode('tt:Source', recording),
    xml('tt:Content', recording.description),
    xml('tt:MaximumRetentionTime', printDuration(recording.retentionMs)),
  );
}

function trackConfiguration(tag: TagName, { type }: Track): XmlNode {
  return xml(tag, xml('tt:TrackType', type), xml('tt:Description', type));
}

function sourceToken({ profile = '' }: Recording): XmlNode {
  return withAttributes(xml('tt:SourceToken', xml('tt:Token', profile)), { Type: PROFILE_TYPE });
}

function job(tag: TagName, recording: Recording): XmlNode {
  return xml(
    tag,
    xml('tt:RecordingToken', recording.token),
    xml('tt:Mode', 'Active'),
    xml('tt:Priority', recording.priority ?? 0),
    xml(
      'tt:Source',
      sourceToken(recording),
      tracksOf(recording).map(({ token, type }) =>
        xml('tt:Tracks', xml('tt:SourceTag', type), xml('tt:Destination', token)),
      ),
    ),
  );
}

function jobState(recording: Recording): XmlNode {
  const state = recording.growing ? 'Active' : 'Idle';
  return xml(
    'trc:State',
    xml('tt:RecordingToken', recording.token),
    xml('tt:State', state),
    xml(
      'tt:Sources',
      sourceToken(recording),
      xml('tt:State', state),
      xml(
        'tt:Tracks',
        tracksOf(recording).map(({ token, type }) =>
          xml(
            'tt:Track',
            xml('tt:SourceTag', type),
            xml('tt:Destination', token),
            xml('tt:State', state),
          ),
        ),
      ),
    ),
  );
}
