"""Calls what an ONVIF device has to say with python3-zeep in strict mode, by the WSDLs of ONVIF.

onvif-check.py WSDL_FOLDER URL USER PASSWORD

Whatever is not as the schemas have it raises in zeep. Prints one line of JSON: how many calls were answered, which answers
were not valid, the subcodes of faults, and what was found.
"""

import datetime
import json
import os
import sys
from urllib.parse import urlsplit

import requests
import zeep
from requests.auth import HTTPDigestAuth

FOLDER, URL, USER, PASSWORD = sys.argv[1:5]
PAGES = {
    "device": ("ver10/device/wsdl/devicemgmt.wsdl", "http://www.onvif.org/ver10/device/wsdl", "DeviceBinding"),
    "media": ("ver10/media/wsdl/media.wsdl", "http://www.onvif.org/ver10/media/wsdl", "MediaBinding"),
    "media2": ("ver20/media/wsdl/media.wsdl", "http://www.onvif.org/ver20/media/wsdl", "Media2Binding"),
    "events": ("ver10/events/wsdl/event.wsdl", "http://www.onvif.org/ver10/events/wsdl", "EventBinding"),
    "ptz": ("ver20/ptz/wsdl/ptz.wsdl", "http://www.onvif.org/ver20/ptz/wsdl", "PTZBinding"),
    "imaging": ("ver20/imaging/wsdl/imaging.wsdl", "http://www.onvif.org/ver20/imaging/wsdl", "ImagingBinding"),
    "recording": ("ver10/recording.wsdl", "http://www.onvif.org/ver10/recording/wsdl", "RecordingBinding"),
    "search": ("ver10/search.wsdl", "http://www.onvif.org/ver10/search/wsdl", "SearchBinding"),
    "replay": ("ver10/replay.wsdl", "http://www.onvif.org/ver10/replay/wsdl", "ReplayBinding"),
}


class Offline(zeep.Transport):
    """Finds what the WSDLs import from elsewhere by its host and path in the folder."""

    def load(self, url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            url = os.path.join(FOLDER, parts.netloc, parts.path.lstrip("/"))
        with open(url, "rb") as file:
            return file.read()


session = requests.Session()
session.auth = HTTPDigestAuth(USER, PASSWORD)
transport = Offline(session=session)
clients = {}
answered = 0
invalid = []
faults = []
found = {}


def service(page, address, binding=None):
    path, namespace, usual = PAGES[page]
    if page not in clients:
        settings = zeep.Settings(strict=True)
        clients[page] = zeep.Client(os.path.join(FOLDER, path), transport=transport, settings=settings)
    return clients[page].create_service("{%s}%s" % (namespace, binding or usual), address)


def call(proxy, operation, **arguments):
    global answered
    try:
        answer = getattr(proxy, operation)(**arguments)
        answered += 1
        return answer
    except zeep.exceptions.Fault as fault:
        faults.append("%s %s" % (operation, "/".join(code.localname for code in fault.subcodes)))
    except Exception as error:  # Whatever zeep makes of an answer that it cannot take.
        invalid.append("%s: %r" % (operation, error))
    return None


def all_of(proxy, operations):
    for operation in operations.split():
        call(proxy, operation)


def check_device(device):
    all_of(
        device,
        "GetServiceCapabilities GetCapabilities GetDeviceInformation GetSystemDateAndTime GetHostname GetScopes"
        " GetDiscoveryMode GetUsers GetNetworkInterfaces GetNetworkProtocols GetDNS GetNTP GetNetworkDefaultGateway"
        " GetEndpointReference GetWsdlUrl",
    )


def check_media(media):
    all_of(
        media,
        "GetServiceCapabilities GetVideoSources GetAudioSources GetVideoSourceConfigurations"
        " GetVideoEncoderConfigurations GetAudioSourceConfigurations GetAudioEncoderConfigurations"
        " GetVideoEncoderConfigurationOptions GetVideoSourceConfigurationOptions",
    )
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    for profile in call(media, "GetProfiles"):
        token = profile.token
        source = profile.VideoSourceConfiguration.token
        call(media, "GetProfile", ProfileToken=token)
        call(media, "GetStreamUri", StreamSetup=setup, ProfileToken=token)
        call(media, "GetSnapshotUri", ProfileToken=token)
        call(media, "SetSynchronizationPoint", ProfileToken=token)
        call(media, "GetCompatibleVideoEncoderConfigurations", ProfileToken=token)
        call(media, "GetVideoSourceConfiguration", ConfigurationToken=source)
        call(media, "GetGuaranteedNumberOfVideoEncoderInstances", ConfigurationToken=source)
        encoder = profile.VideoEncoderConfiguration
        if encoder:
            call(media, "GetVideoEncoderConfiguration", ConfigurationToken=encoder.token)
            if "set" in sys.argv:
                encoder.H264.GovLength = 25
                call(media, "SetVideoEncoderConfiguration", Configuration=encoder, ForcePersistence=True)
    call(media, "GetProfile", ProfileToken="nobody")
    call(media, "GetOSDs")


def check_media2(media):
    all_of(
        media,
        "GetServiceCapabilities GetProfiles GetVideoSourceConfigurations GetVideoEncoderConfigurations"
        " GetAudioSourceConfigurations GetAudioEncoderConfigurations GetMetadataConfigurations"
        " GetVideoEncoderConfigurationOptions GetVideoSourceConfigurationOptions",
    )
    found["profiles"] = []
    for profile in call(media, "GetProfiles", Type=["All"]):
        found["profiles"].append(profile.token)
        call(media, "GetStreamUri", Protocol="RtspUnicast", ProfileToken=profile.token)
        call(media, "GetSnapshotUri", ProfileToken=profile.token)
        call(media, "SetSynchronizationPoint", ProfileToken=profile.token)
        call(media, "GetVideoEncoderInstances", ConfigurationToken=profile.Configurations.VideoSource.token)


def check_events(events):
    all_of(events, "GetServiceCapabilities GetEventProperties")
    created = call(events, "CreatePullPointSubscription", InitialTerminationTime="PT60S")
    address = created.SubscriptionReference.Address
    address = getattr(address, "_value_1", address)
    point = service("events", address, "PullPointSubscriptionBinding")
    pulled = call(point, "PullMessages", Timeout=datetime.timedelta(seconds=1), MessageLimit=50)
    found["states"] = len(pulled.NotificationMessage)
    call(point, "SetSynchronizationPoint")
    manager = service("events", address, "SubscriptionManagerBinding")
    call(manager, "Renew", TerminationTime="PT60S")
    call(manager, "Unsubscribe")


def check_ptz(ptz):
    all_of(ptz, "GetServiceCapabilities GetNodes GetConfigurations")
    profile = {"ProfileToken": "main"}
    call(ptz, "GetNode", NodeToken="ptz0")
    call(ptz, "GetConfiguration", PTZConfigurationToken="ptz_vs0")
    call(ptz, "GetConfigurationOptions", ConfigurationToken="ptz_vs0")
    call(ptz, "AbsoluteMove", Position={"PanTilt": {"x": 0.5, "y": 0.25}, "Zoom": {"x": 0.5}}, **profile)
    call(ptz, "RelativeMove", Translation={"PanTilt": {"x": -0.5, "y": 0}}, **profile)
    call(ptz, "ContinuousMove", Velocity={"PanTilt": {"x": -1, "y": 0}}, **profile)
    call(ptz, "Stop", **profile)
    call(ptz, "GetStatus", **profile)
    token = call(ptz, "SetPreset", PresetName="gate", **profile)
    call(ptz, "GetPresets", **profile)
    call(ptz, "GotoPreset", PresetToken=token, **profile)
    call(ptz, "RemovePreset", PresetToken=token, **profile)
    call(ptz, "SetHomePosition", **profile)
    call(ptz, "GotoHomePosition", **profile)
    call(ptz, "AbsoluteMove", Position={"PanTilt": {"x": 5, "y": 0}}, **profile)


def check_imaging(imaging):
    call(imaging, "GetServiceCapabilities")
    for operation in "GetImagingSettings GetOptions GetMoveOptions GetStatus".split():
        call(imaging, operation, VideoSourceToken="vs0")
    call(imaging, "SetImagingSettings", VideoSourceToken="vs0", ImagingSettings={"Brightness": 10})
    call(imaging, "GetImagingSettings", VideoSourceToken="nobody")


def check_recording(recording):
    call(recording, "GetServiceCapabilities")
    for item in call(recording, "GetRecordings"):
        token = {"RecordingToken": item.RecordingToken}
        call(recording, "GetRecordingConfiguration", **token)
        call(recording, "GetTrackConfiguration", TrackToken="VIDEO001", **token)
        call(recording, "GetRecordingOptions", **token)
    for job in call(recording, "GetRecordingJobs"):
        call(recording, "GetRecordingJobConfiguration", JobToken=job.JobToken)
        call(recording, "GetRecordingJobState", JobToken=job.JobToken)
        call(recording, "SetRecordingJobMode", JobToken=job.JobToken, Mode="Idle")


def results(search, operation, token):
    taken = []
    for _ in range(100):
        page = call(search, operation, SearchToken=token, MaxResults=3, WaitTime="PT5S")
        taken += (page.RecordingInformation if operation == "GetRecordingSearchResults" else page.Result) or []
        if page.SearchState == "Completed":
            return taken
    raise TimeoutError(operation)


def check_search(search):
    all_of(search, "GetServiceCapabilities GetRecordingSummary")
    keep = {"Scope": {}, "KeepAliveTime": "PT30S"}
    token = call(search, "FindRecordings", **keep)
    call(search, "GetSearchState", SearchToken=token)
    recordings = results(search, "GetRecordingSearchResults", token)
    call(search, "EndSearch", SearchToken=token)
    call(search, "EndSearch", SearchToken=token)
    found["recordings"] = [one.RecordingToken for one in recordings]
    found["footage"] = []
    for one in recordings:
        call(search, "GetRecordingInformation", RecordingToken=one.RecordingToken)
        middle = one.EarliestRecording + (one.LatestRecording - one.EarliestRecording) / 2
        for media in call(search, "GetMediaAttributes", RecordingTokens=[one.RecordingToken], Time=middle) or []:
            video = media.TrackAttributes[0].VideoAttributes
            found["footage"].append("%s %s %dx%d" % (media.RecordingToken, video.Encoding, video.Width, video.Height))
    now = datetime.datetime.now(datetime.timezone.utc)
    before = now - datetime.timedelta(hours=1)
    for name, start, end in (("events", before, now), ("eventsBackwards", now, before)):
        token = call(
            search, "FindEvents", StartPoint=start, EndPoint=end, SearchFilter={}, IncludeStartState=True, **keep
        )
        found[name] = [event_of(one) for one in results(search, "GetEventSearchResults", token)]


def event_of(result):
    data = result.Event.Message._value_1.Data.SimpleItem[0]
    start = " at the start" if result.StartStateEvent else ""
    return "%s %s=%s%s" % (result.RecordingToken, data.Name, data.Value, start)


def check_replay(replay):
    all_of(replay, "GetServiceCapabilities GetReplayConfiguration")
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    found["replay"] = [
        call(replay, "GetReplayUri", StreamSetup=setup, RecordingToken=token) for token in found["recordings"]
    ]


device = service("device", URL)
addresses = {one.Namespace: one.XAddr for one in call(device, "GetServices", IncludeCapability=True)}
check_device(device)
for name, check in (
    ("media", check_media),
    ("media2", check_media2),
    ("events", check_events),
    ("ptz", check_ptz),
    ("imaging", check_imaging),
    ("recording", check_recording),
    ("search", check_search),
    ("replay", check_replay),
):
    if PAGES[name][1] in addresses:
        check(service(name, addresses[PAGES[name][1]]))
print(json.dumps({"answered": answered, "invalid": invalid, "faults": faults, "found": found}))
