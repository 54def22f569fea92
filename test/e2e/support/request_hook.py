"""Requests of rtspsrc, before they are sent."""

import ctypes

import gi

gi.require_version("GstRtsp", "1.0")
from gi.repository import GstRtsp  # noqa: E402


class RequestHook:
    """Calls `hook(method, request)` before rtspsrc sends a request. The bindings copy the message, so this goes past them."""

    def __init__(self, source, hook):
        rtsp = ctypes.CDLL("libgstrtsp-1.0.so.0")
        gobject = ctypes.CDLL("libgobject-2.0.so.0")

        def before_send(_source, message, _data):
            method = ctypes.c_int()
            rtsp.gst_rtsp_message_parse_request(ctypes.c_void_p(message), ctypes.byref(method), None, None)
            hook(GstRtsp.RTSPMethod(method.value), Request(rtsp, message))
            return 1

        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.callback = kind(before_send)
        gobject.g_signal_connect_data.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, kind, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int
        ]
        gobject.g_signal_connect_data(hash(source), b"before-send", self.callback, None, None, 0)


class Request:
    def __init__(self, rtsp, message):
        self.rtsp = rtsp
        self.message = ctypes.c_void_p(message)

    def add(self, field, value):
        self.rtsp.gst_rtsp_message_add_header(self.message, int(field), value.encode())

    def put(self, name, value):
        """In the place of what there is of that name."""
        self.rtsp.gst_rtsp_message_remove_header_by_name(self.message, name.encode(), -1)
        self.rtsp.gst_rtsp_message_add_header_by_name(self.message, name.encode(), value.encode())

    def get(self, field):
        value = ctypes.c_char_p()
        result = self.rtsp.gst_rtsp_message_get_header(self.message, int(field), ctypes.byref(value), 0)
        return value.value.decode() if result == 0 else None
