"""An RTSP camera by GStreamer, run by Debian's Python, which has its bindings: one live picture for all who
watch, with a key picture every so many frames. Prints its port, and runs until it is killed.

gstreamer_camera.py FRAMES [USER PASSWORD]: with a password it wants digest authentication.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - once their versions are said

_PICTURES = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1 "
    "! openh264enc gop-size={group} complexity=low ! h264parse ! rtph264pay name=pay0 pt=96 )"
)


def main(group: str, *credentials: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service="0", address="127.0.0.1")
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_launch(_PICTURES.format(group=group))
    if credentials:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        role = GstRtspServer.RTSPToken()
        role.set_string("media.factory.role", "viewer")
        auth.add_digest(*credentials, role)
        server.set_auth(auth)
        structure = Gst.Structure.new_from_string(
            "viewer,media.factory.access=true,media.factory.construct=true"
        )
        factory.add_role_from_structure(structure)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
