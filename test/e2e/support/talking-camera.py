"""A camera with a loudspeaker: what it hears goes to a file. Arguments: file, then `refuse` for one without.
Prints its port."""
import sys
import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
heard = sys.argv[1]
server = GstRtspServer.RTSPOnvifServer.new()
server.set_address('127.0.0.1')
server.set_service('0')
factory = GstRtspServer.RTSPOnvifMediaFactory.new()
factory.set_launch(
    '( videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )'
)
if 'refuse' not in sys.argv:
    factory.set_backchannel_launch(
        '( capsfilter name=depay_backchannel caps="application/x-rtp,media=audio,payload=0,clock-rate=8000,encoding-name=PCMU"'
        f' ! rtppcmudepay ! filesink location={heard} buffer-mode=unbuffered async=false )'
    )
factory.set_shared(False)
factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
server.get_mount_points().add_factory('/live', factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
