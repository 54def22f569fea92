"""Calls what an ONVIF device has to say with python3-zeep in strict mode, by the WSDLs of ONVIF.

onvif-check.py WSDL_FOLDER URL USER PASSWORD [set]

Every answer, faults too, is compared with the schemas as a whole. After that every operation of the WSDLs is called once more,
without arguments: those that are there must have been called before as they want to be called. Prints one line of JSON: how many
calls were answered, which answers were not valid, the subcodes of faults, operations that were not tried, and what was found.
"""

import datetime
import json
import os
import sys

import requests
import zeep
from lxml import etree
from onvif_schemas import Schemas, local
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
    def load(self, url):
        with open(local(FOLDER, url), "rb") as file:
            return file.read()


class Check(zeep.Plugin):
    """Raises for an answer that the schemas do not have, before zeep makes anything of it."""

    def ingress(self, envelope, headers, operation):
        problem = schemas.problem(envelope)
        if problem:
            raise ValueError(problem)
        return envelope, headers


session = requests.Session()
session.auth = HTTPDigestAuth(USER, PASSWORD)
transport = Offline(session=session)
schemas = Schemas(FOLDER, [path for path, _, _ in PAGES.values()])
clients = {}
called = set()
answered = 0
invalid = []
faults = []
found = {}


def service(page, address, binding=None):
    path, namespace, usual = PAGES[page]
    if page not in clients:
        settings = zeep.Settings(strict=True)
        where = os.path.join(FOLDER, path)
        clients[page] = zeep.Client(where, transport=transport, settings=settings, plugins=[Check()])
    return clients[page].create_service("{%s}%s" % (namespace, binding or usual), address)


def request_of(operation):
    return etree.QName(operation.input.body.qname).text


def call(proxy, operation, **arguments):
    global answered
    called.add(request_of(proxy._binding.get(operation)))
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
    if "set" in sys.argv:
        call(device, "SetNTP", FromDHCP=False, NTPManual=[{"Type": "DNS", "DNSname": "time.example"}])
        zone = {"TZ": "UTC0"}
        call(device, "SetSystemDateAndTime", DateTimeType="NTP", DaylightSavings=False, TimeZone=zone)


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
        for kind in "VideoSource VideoEncoder AudioSource AudioEncoder".split():
            call(media, "GetCompatible%sConfigurations" % kind, ProfileToken=token)
        call(media, "GetVideoSourceConfiguration", ConfigurationToken=source)
        call(media, "GetGuaranteedNumberOfVideoEncoderInstances", ConfigurationToken=source)
        for kind in "AudioSource", "AudioEncoder":
            sound = profile["%sConfiguration" % kind]
            if sound:
                call(media, "Get%sConfiguration" % kind, ConfigurationToken=sound.token)
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
        if "set" in sys.argv:
            call(media, "SetVideoEncoderConfiguration", Configuration=profile.Configurations.VideoEncoder)


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


# What would end the device, or this.
DANGEROUS = "SystemReboot SetSystemFactoryDefault StartFirmwareUpgrade StartSystemRestore".split()
REQUEST = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'


def post(address, body, action="", auth=session.auth):
    """Sends what zeep would not. Returns HTTP status and subcodes, none for what was answered."""
    media = 'application/soap+xml; charset=utf-8; action="%s"' % action
    answer = requests.post(address, data=body, headers={"Content-Type": media}, auth=auth, timeout=20)
    envelope = etree.fromstring(answer.content)
    problem = schemas.problem(envelope)
    if problem:
        invalid.append("%s: %s" % (body, problem))
    codes = envelope.iterfind(".//{*}Subcode/{*}Value")
    return "%d %s" % (answer.status_code, "/".join(code.text for code in codes))


def sweep(proxy, address):
    """Calls every operation without arguments. Returns those that are there and were not called otherwise."""
    for operation in proxy._binding.all().values():
        element = etree.QName(request_of(operation))
        if operation.name in DANGEROUS:
            continue
        request = REQUEST % ('<%s xmlns="%s"/>' % (element.localname, element.namespace))
        is_there = not post(address, request, operation.soapaction).endswith("ActionNotSupported")
        if is_there and element.text not in called:
            yield element.text


def refusals(address):
    users = '<GetUsers xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    yield post(address, REQUEST % users, auth=None)
    yield post(address, REQUEST % users, auth=HTTPDigestAuth(USER, "guess"))
    yield post(address, REQUEST % '<Nothing xmlns="urn:nobody"/>')
    yield post(address, "<a><b></a>")
    yield post(address, '<!DOCTYPE a [<!ENTITY b "c">]>' + REQUEST % users)


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
found["refusals"] = list(refusals(URL))
untried = []
for name, (_, namespace, _) in PAGES.items():
    bindings = "EventBinding PullPointSubscriptionBinding SubscriptionManagerBinding" if name == "events" else ""
    for binding in bindings.split() or [None]:
        if namespace in addresses:
            untried += sweep(service(name, addresses[namespace], binding), addresses[namespace])
print(
    json.dumps({"answered": answered, "invalid": invalid, "faults": faults, "untried": untried, "found": found})
)
