"""A camera made of GStreamer's own RTSP server.

gst-camera.py HOST multicast INTERFACE
gst-camera.py HOST srtp CERTIFICATE
gst-camera.py HOST login USER:PASSWORD
gst-camera.py HOST only tcp|udp
gst-camera.py HOST crowd COUNT

Serves rtsp://HOST:PORT/test, a test picture in H.264 and a tone in A-law: to a multicast group on a network interface, by
SRTP (RTP/SAVP, over TCP and UDP) inside TLS, with a PEM file of certificate and key, to who logs in by Digest, over one
transport alone, or to a crowd: once so many clients play, it prints how many at most were connected and did not play yet.
Prints the port when it is ready.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

LAUNCH = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1"
    " ! openh264enc gop-size=25 ! rtph264pay config-interval=-1 name=pay0 pt=96"
    " audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8 )"
)
GROUP = "239.255.42.42"
ROLE = "everybody"


def main(host, transport, argument):
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address(host)
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(LAUNCH)
    factory.set_shared(True)
    if transport == "multicast":
        send_to_group(factory, argument)
    elif transport == "only":
        factory.set_protocols(getattr(GstRtsp.RTSPLowerTrans, argument.upper()))
    elif transport == "crowd":
        watch(server, int(argument))
    elif transport == "login":
        demand_login(server, factory, *argument.split(":"))
    else:
        protect(server, factory, argument)
    server.get_mount_points().add_factory("/test", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def send_to_group(factory, interface):
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP_MCAST)
    pool = GstRtspServer.RTSPAddressPool.new()
    pool.add_range(GROUP, GROUP, 27000, 27100, 1)
    factory.set_address_pool(pool)
    factory.set_multicast_iface(interface)


def protect(server, factory, certificate):
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP)
    factory.set_profiles(GstRtsp.RTSPProfile.SAVP)
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    auth.set_default_token(token())
    server.set_auth(auth)
    permit(factory)


def demand_login(server, factory, user, password):
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token())
    server.set_auth(auth)
    permit(factory)


def watch(server, count):
    starting, playing, most = set(), set(), 0

    def connected(_server, client):
        nonlocal most
        starting.add(client)
        most = max(most, len(starting))
        client.connect("play-request", plays)
        client.connect("closed", starting.discard)

    def plays(client, _context):
        starting.discard(client)
        playing.add(client)
        if len(playing) == count:
            print(most, flush=True)

    server.connect("client-connected", connected)


def token():
    made = GstRtspServer.RTSPToken.new()
    made.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
    return made


def permit(factory):
    permissions = GstRtspServer.RTSPPermissions.new()
    for permission in ("access", "construct"):
        permissions.add_permission_for_role(ROLE, f"media.factory.{permission}", True)
    factory.set_permissions(permissions)


main(*sys.argv[1:])
