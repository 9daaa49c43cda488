"""A panel with a tray, as X11 desktops have it: icons that ask to be docked are shown at the left end of its bar."""

import json
import signal
import sys

from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

SIZE, LEFT, TOP = 32, 40, 740
DOCK = 0  # what an icon asks for


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main():
    display = Display()
    root = display.screen().root
    bar = root.create_window(LEFT, TOP, 8 * SIZE, SIZE, 0, display.screen().root_depth, override_redirect=True,
                             background_pixel=0x505050, event_mask=X.SubstructureNotifyMask)  # fmt: skip
    bar.map()
    tray = display.intern_atom("_NET_SYSTEM_TRAY_S0")
    bar.set_selection_owner(tray, X.CurrentTime)
    told = ClientMessage(window=root, client_type=display.intern_atom("MANAGER"), data=(32, [0, tray, bar.id, 0, 0]))
    root.send_event(told, event_mask=X.StructureNotifyMask)
    display.flush()
    say(ready=True)
    opcode, docked = display.intern_atom("_NET_SYSTEM_TRAY_OPCODE"), 0
    while True:
        event = display.next_event()
        if event.type != X.ClientMessage or event.client_type != opcode or event.data[1][1] != DOCK:
            continue
        icon = display.create_resource_object("window", event.data[1][2])
        icon.reparent(bar, docked * SIZE, 0)
        icon.configure(width=SIZE, height=SIZE)
        icon.map()
        display.flush()
        say(docked=[LEFT + docked * SIZE, TOP, SIZE, SIZE])
        docked += 1


def leave(_number, _frame):
    raise SystemExit(0)


signal.signal(signal.SIGTERM, leave)
main()
