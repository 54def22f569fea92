import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { findRecording } from './archive-nodes.js';
import type { ArchivePort } from './archive-port.js';
import { required } from './arguments.js';
import { streamProtocolOf } from './media-service.js';
import type { Service } from './operation.js';

const SESSION_TIMEOUT_SECONDS = 60;

/** Says where recordings are replayed. ONVIF Replay Control. */
export function replayService<C>(port: ArchivePort<C>): Service<C> {
  const capabilities = (): XmlNode =>
    withAttributes(xml('trp:Capabilities'), {
      ReversePlayback: true,
      SessionTimeoutRange: `${SESSION_TIMEOUT_SECONDS} ${SESSION_TIMEOUT_SECONDS}`,
      RTP_RTSP_TCP: true,
    });
  return {
    prefix: 'trp',
    path: 'replay_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('trp:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetReplayUri: {
        access: 'READ_MEDIA',
        async answer(call) {
          const token = required(call.request, 'RecordingToken');
          const recording = findRecording(await port.recordings(call.caller), token);
          const uri = port.replayUri(recording, streamProtocolOf(call), call);
          return xml('trp:GetReplayUriResponse', xml('trp:Uri', uri));
        },
      },
      GetReplayConfiguration: {
        access: 'READ_MEDIA',
        answer: () =>
          xml(
            'trp:GetReplayConfigurationResponse',
            xml('trp:Configuration', xml('tt:SessionTimeout', `PT${SESSION_TIMEOUT_SECONDS}S`)),
          ),
      },
    },
  };
}
